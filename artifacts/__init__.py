"""The compiled programs that come with the package; installed as ``csc_dspy.artifacts``."""

if __name__ == "artifacts":
    raise ImportError("artifacts is part of csc_dspy; import csc_dspy.artifacts instead", name=__name__)
