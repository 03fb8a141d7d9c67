"""Reading raw transcripts: text, tables and JSON, in any encoding."""

from csc_dspy.rewriting.reading._base import MOST_TURNS, Aside
from csc_dspy.rewriting.reading.columns import Columns
from csc_dspy.rewriting.reading.reading import Transcripts, read_transcripts
from csc_dspy.rewriting.reading.speakers import Speakers
from csc_dspy.rewriting.reading.text import Separator

__all__ = ["MOST_TURNS", "Aside", "Columns", "Separator", "Speakers", "Transcripts", "read_transcripts"]
