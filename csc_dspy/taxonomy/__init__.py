"""The professional standard as data: stages, strategies, and how people spell them."""

from csc_dspy.taxonomy.loading import BUILT_IN, DEFAULT, load_taxonomy
from csc_dspy.taxonomy.model import LANGUAGES, Language, Localized, Stage, Strategy, Taxonomy

__all__ = [
    "BUILT_IN",
    "DEFAULT",
    "LANGUAGES",
    "Language",
    "Localized",
    "Stage",
    "Strategy",
    "Taxonomy",
    "load_taxonomy",
]
