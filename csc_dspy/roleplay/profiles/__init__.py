"""Who calls: customers that are generated, written by hand, or a user's own."""

from csc_dspy.roleplay.profiles.coverage import Coverage, FieldCoverage, PairCoverage, coverage
from csc_dspy.roleplay.profiles.generating import generate
from csc_dspy.roleplay.profiles.pool import POOL, ProfileSource, profile_pool
from csc_dspy.roleplay.profiles.preparing import Customers, Prepared, customers
from csc_dspy.roleplay.profiles.reading import read_profiles
from csc_dspy.roleplay.profiles.seeds import seeds

__all__ = [
    "POOL",
    "Coverage",
    "Customers",
    "FieldCoverage",
    "PairCoverage",
    "Prepared",
    "ProfileSource",
    "coverage",
    "customers",
    "generate",
    "profile_pool",
    "read_profiles",
    "seeds",
]
