"""What an engine says about itself."""

from __future__ import annotations

import json

import pytest
from dspy.lm15 import Usage
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.lm.hosted.statistics import Tally
from tests.support.behaviours import Behaviour, fails, throttles
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer


def test_everything_is_counted(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    llm_server.script(throttles(), Behaviour(usage=usage), Behaviour(usage=usage), fails(400))
    engine = make_engine(concurrency=4)
    engine.complete(new_request())
    list(engine.stream(new_request()))
    with pytest.raises(Exception, match="HTTP 400"):
        engine.complete(new_request())
    statistics = engine.statistics.to_dict()
    latency = statistics.pop("latency")
    limit = statistics.pop("limit")
    assert statistics == {
        "calls": 3,
        "retries": 1,
        "throttled": 1,
        "errors": {"invalid_request": 1},
        "input_tokens": 20,
        "output_tokens": 6,
        "cached_tokens": 8,
        "in_flight": 0,
        "waiting": 0,
    }
    assert 2 <= limit <= 4
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["longest"]
    assert json.loads(json.dumps(latency)) == latency


def test_nothing_is_an_answer_too(make_engine: MakeEngine) -> None:
    statistics = make_engine(concurrency=4).statistics
    assert (statistics.calls, statistics.limit) == (0, 4)
    assert statistics.latency.p99 == statistics.latency.mean == 0


@given(st.lists(st.floats(0.0001, 5000.0), min_size=1, max_size=60))
def test_quantiles_are_right_to_a_quarter_octave(seconds: list[float]) -> None:
    tally = Tally()
    for each in seconds:
        tally.over(each, Usage())
    latency = tally.summary(limit=1, in_flight=0, waiting=0).latency
    ordered = sorted(seconds)
    for quantile, share in ((latency.p50, 0.5), (latency.p90, 0.9), (latency.p99, 0.99)):
        exact = ordered[max(0, -int(-share * len(ordered) // 1) - 1)]
        assert exact <= quantile * (1 + 1e-9)
        assert quantile <= max(0.001, exact * 2**0.25 * (1 + 1e-9)) or exact > 800
    assert latency.longest == ordered[-1]
    assert latency.mean == pytest.approx(sum(seconds) / len(seconds))
