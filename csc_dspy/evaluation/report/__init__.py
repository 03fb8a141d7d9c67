"""The page that shows an evaluation: figures, charts and every answer beside what was expected."""

from csc_dspy.evaluation.report.writing import write_report

__all__ = ["write_report"]
