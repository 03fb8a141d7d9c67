"""Every error that csc-dspy raises on purpose.

::

    CSCError                 anything this package reports to its user
    ├── ConfigError          an option, environment variable or csc-dspy.toml is wrong
    ├── TaxonomyError        a taxonomy file is not usable
    ├── LabelError           a label names no strategy or stage, or more than one
    ├── DataError            input cannot be read, or a row of it is bad
    │   └── LeakError        evaluation dialogues would get into training, or the other way; among its
    │                        kinds is that of a split that finds the same dialogue in two parts
    ├── LMError              a language model cannot be had, refuses, or does not answer
    │   ├── AnswerError      it answered, but not with what was asked for
    │   └── BudgetError      a limit on calls, tokens or money is reached
    ├── ArtifactError        a compiled program cannot be read, or does not fit what is installed
    └── OutputError          a result cannot be written (nothing half-written is left behind)

Each prints as one line: where it happened, what is wrong, and how to mend it.
"""

from __future__ import annotations


class CSCError(Exception):
    """Base of all errors of this package.

    ``problem`` says what is wrong, ``where`` the place (file, line, option), ``remedy`` what to do about it.
    """

    exit_code = 2

    def __init__(self, problem: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        line = f"{self.where}: {self.problem}" if self.where else self.problem
        if self.remedy:
            line = f"{line} ({self.remedy})"
        return " ".join(line.split())


class ConfigError(CSCError):
    """An option, an environment variable or ``csc-dspy.toml`` is wrong."""


class TaxonomyError(CSCError):
    """A taxonomy file is not usable."""


class LabelError(CSCError):
    """A label names no strategy or stage of the taxonomy, or more than one."""


class DataError(CSCError):
    """Input cannot be read, or a row of it is bad."""


class LeakError(DataError):
    """Evaluation dialogues would get into training data, or the other way round."""


class LMError(CSCError):
    """A language model cannot be had, refuses the task, or does not answer."""


class AnswerError(LMError):
    """A language model answered, but not with what was asked for."""


class BudgetError(LMError):
    """A limit on calls, tokens or money is reached; what was done until then is kept."""


class ArtifactError(CSCError):
    """A compiled program cannot be read, was changed, or does not fit the signatures or the taxonomy."""


class OutputError(CSCError):
    """A result cannot be written; what stood there before is untouched."""
