"""A small audit that several tests look at."""

from __future__ import annotations

import pytest

from csc_dspy.auditing import Audit, audit
from csc_dspy.conversations import Conversation
from csc_dspy.data import read


@pytest.fixture(scope="session")
def conversations() -> list[Conversation]:
    """Two dialogues of each language."""
    found = [*iter(read("csconv-sample:dev"))]
    return [each for language in ("en", "zh") for each in found if each.spoken_language == language][13:17]


@pytest.fixture(scope="session")
def found(conversations: list[Conversation]) -> Audit:
    return audit(conversations, top=6)
