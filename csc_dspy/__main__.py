"""The command line as ``python -m csc_dspy``."""

from __future__ import annotations

import sys

from csc_dspy.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
