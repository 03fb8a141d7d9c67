"""What is in a corpus that was played, in numbers and on a page, beside a corpus that it should be like."""

from csc_dspy.roleplay.report.writing import again, write_report

__all__ = ["again", "write_report"]
