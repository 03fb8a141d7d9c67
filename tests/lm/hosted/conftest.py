"""What the tests of the hosted engine share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from csc_dspy.lm.hosted import HostedEngine
from tests.support.engines import MakeEngine, new_engine
from tests.support.openai_server import LLMServer


@pytest.fixture
def make_engine(llm_server: LLMServer) -> Iterator[MakeEngine]:
    """Engines for the test server, or another ``api_base``, that are closed at the end of the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> HostedEngine:  # noqa: ANN401  each option has its own type
            return stack.enter_context(closing(new_engine(**{"api_base": llm_server.url, **options})))

        yield make
