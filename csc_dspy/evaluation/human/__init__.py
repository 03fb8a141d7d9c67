"""People compare the responses of two systems without knowing whose they are."""

from csc_dspy.evaluation.human.aspects import ASPECTS, Aspect
from csc_dspy.evaluation.human.comparison import Comparison, Preference, RaterPair, read_answers
from csc_dspy.evaluation.human.form import Form, write_form

__all__ = [
    "ASPECTS",
    "Aspect",
    "Comparison",
    "Form",
    "Preference",
    "RaterPair",
    "read_answers",
    "write_form",
]
