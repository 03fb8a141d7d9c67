"""Statistics of a corpus, in room that does not grow with it."""

from csc_dspy.data.statistics.counting import stats
from csc_dspy.data.statistics.lengths import Length
from csc_dspy.data.statistics.names import Names
from csc_dspy.data.statistics.result import Statistics

__all__ = ["Length", "Names", "Statistics", "stats"]
