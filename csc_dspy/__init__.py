"""Customer support conversation as DSPy programs.

Everything public is here: ``import csc_dspy as csc``. A name loads its part of the package when it is first
used, so the import itself costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "CSCError",
    "Compiled",
    "Conversation",
    "Stage",
    "Strategy",
    "Taxonomy",
    "Turn",
    "TurnExample",
    "__version__",
    "agreement_of",
    "audit",
    "check",
    "compile",
    "connect",
    "convert",
    "evaluate",
    "export",
    "load",
    "load_taxonomy",
    "read",
    "rewrite",
    "roleplay",
    "split",
    "stats",
    "train",
    "using",
]

_HOMES = {
    "CSCError": "csc_dspy.exceptions",
    "Compiled": "csc_dspy.optimizers",
    "Conversation": "csc_dspy.conversations",
    "Stage": "csc_dspy.taxonomy",
    "Strategy": "csc_dspy.taxonomy",
    "Taxonomy": "csc_dspy.taxonomy",
    "Turn": "csc_dspy.conversations",
    "TurnExample": "csc_dspy.conversations",
    "agreement_of": "csc_dspy.auditing",
    "audit": "csc_dspy.auditing",
    "check": "csc_dspy.data",
    "compile": "csc_dspy.optimizers",
    "connect": "csc_dspy.lm",
    "convert": "csc_dspy.data",
    "evaluate": "csc_dspy.evaluation",
    "export": "csc_dspy.finetuning",
    "load": "csc_dspy.compiled",
    "load_taxonomy": "csc_dspy.taxonomy",
    "read": "csc_dspy.data",
    "rewrite": "csc_dspy.rewriting",
    "roleplay": "csc_dspy.roleplay",
    "split": "csc_dspy.data",
    "stats": "csc_dspy.data",
    "train": "csc_dspy.finetuning.training",
    "using": "csc_dspy.lm",
}

if TYPE_CHECKING:
    from csc_dspy.auditing import agreement_of, audit
    from csc_dspy.compiled import load
    from csc_dspy.conversations import Conversation, Turn, TurnExample
    from csc_dspy.data import check, convert, read, split, stats
    from csc_dspy.evaluation import evaluate
    from csc_dspy.exceptions import CSCError
    from csc_dspy.finetuning import export
    from csc_dspy.finetuning.training import train
    from csc_dspy.lm import connect, using
    from csc_dspy.optimizers import Compiled, compile  # noqa: A004  as users call it
    from csc_dspy.rewriting import rewrite
    from csc_dspy.roleplay import roleplay
    from csc_dspy.taxonomy import Stage, Strategy, Taxonomy, load_taxonomy
else:
    # Out of sight of type checkers, for which it would make every misspelled name a valid one.
    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
