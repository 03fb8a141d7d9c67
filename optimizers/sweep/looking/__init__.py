"""The page that shows a sweep: the search, what was found, and how sure that is."""

from .writing import write_report

__all__ = ["write_report"]
