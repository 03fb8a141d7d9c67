"""Keys and prompts stay out of errors and logs, whatever the server says."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from csc_dspy.lm.hosted.withholding import withhold
from tests.support.behaviours import Behaviour, breaks_off, fails, hangs, sends
from tests.support.engines import MakeEngine, new_request
from tests.support.openai_server import LLMServer

KEY = "sk-proj-4f9aQ7c2XyZ0123456789"
PROMPT = "My order 8812 to 4 Rosewood Lane never came, please call me on 555-0199. 我的订单一直没有送到。"
PARTS = ("Rosewood", "555-0199", "8812", "一直没有")


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all errors that it came from, shown or not."""
    seen: list[BaseException | None] = [error]
    for each in seen:
        if each is not None:
            yield each
            seen += [cause for cause in (each.__cause__, each.__context__) if cause not in seen]


@pytest.mark.parametrize(
    "fault",
    [
        fails(400, f"Cannot read your message: {PROMPT}"),
        fails(401, f"Incorrect API key provided: {KEY}. You can find your API key in the settings"),
        fails(401, f"Incorrect API key provided: {KEY[:12]}"),
        fails(429, f"key {KEY} is used too often for {PROMPT[:40]!r}"),
        fails(422, f"Authorization: Bearer {KEY}"),
        Behaviour(status=500, body=f"dump: {KEY} {PROMPT}".encode()),
        sends(f'{{"error": {{"message": "{KEY}: {PROMPT}"}}}}'.encode()),
        sends(f"{KEY} {PROMPT}".encode()),
        sends(f'data: {{"error": {{"message": "{KEY}: {PROMPT}"}}}}\n\n'.encode(), "text/event-stream"),
        breaks_off(),
        breaks_off(reset=True),
        hangs(),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_no_error_and_no_log_tells(
    make_engine: MakeEngine,
    llm_server: LLMServer,
    caplog: pytest.LogCaptureFixture,
    fault: Behaviour,
    streamed: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    llm_server.usually(fault)
    engine = make_engine(key=KEY, attempts=2, timeout=0.3)
    with pytest.raises(lm15.LM15Error) as caught:
        list(engine.stream(new_request(PROMPT))) if streamed else engine.complete(new_request(PROMPT))
    assert llm_server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    told = [caplog.text, repr(engine), *traceback.format_exception(caught.value)]
    for error in chain(caught.value):
        told += [str(error), repr(error), repr(error.args), repr(vars(error))]
    # Lines of source code stand in a traceback too; the values in them do not.
    for text in told:
        assert KEY not in text
        assert KEY[:12] not in text
        assert not any(part in text for part in PARTS)


def test_what_is_not_quoted_is_kept(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    said = "The parameter `temperature` has to be between 0 and 2, and the model test does not take `seed`"
    llm_server.script(fails(400, said))
    with pytest.raises(lm15.InvalidRequestError, match=said):
        make_engine(key=KEY).complete(new_request(PROMPT))


def test_the_rest_of_a_message_is_kept() -> None:
    message = f"cannot use {KEY} for '{PROMPT}', sorry"
    assert withhold(message, prompt=PROMPT.encode(), key=KEY) == "cannot use […] for '[…]', sorry"
    assert withhold(message, prompt=b"", key=None) == message


@given(
    before=st.text(max_size=40),
    prompt=st.text(min_size=8, max_size=200),
    after=st.text(max_size=40),
    place=st.integers(0, 200),
    length=st.integers(1, 200),
)
def test_no_long_passage_of_the_prompt_remains(
    before: str, prompt: str, after: str, place: int, length: int
) -> None:
    known = prompt.encode()
    message = before + prompt[place : place + length] + after
    shown = withhold(message, prompt=known, key=None).encode()
    # What is left between two gaps may not be a passage either.
    for part in shown.split("[…]".encode()):
        assert not any(part[start : start + 24] in known for start in range(len(part) - 23))


@given(st.text(alphabet="abcdefghij-0123456789", min_size=8, max_size=60), st.text(max_size=30))
def test_no_part_of_the_key_remains(key: str, around: str) -> None:
    shown = withhold(f"{around}{key}{around}", prompt=b"", key=key)
    assert not any(key[start : start + 8] in shown for start in range(len(key) - 7))
