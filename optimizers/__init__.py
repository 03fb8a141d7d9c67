"""What turns a program and data into a better program: one file an optimizer.

Installed as ``csc_dspy.optimizers``.
"""

from __future__ import annotations

if __name__ == "optimizers":
    raise ImportError("optimizers is part of csc_dspy; import csc_dspy.optimizers instead", name=__name__)
