"""The text of one output field, piece by piece as the language model writes it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, closing
from typing import Any, Final

import dspy
from dspy.dsp.utils.settings import settings
from dspy.lm15 import Request, StreamDeltaEvent, TextDelta, materialize_response

from csc_dspy.exceptions import AnswerError
from csc_dspy.lm.adapter import Adapter, UnreadableAnswerError, Values
from csc_dspy.lm.calling import DirectEngine, keep_books, request_for

_MARKER: Final = re.compile(r"\[\[\s*##\s*(\w+)\s*##\s*\]\]")
# The end of a text that may become a marker, with the blank before it, which belongs to the layout.
_PERHAPS: Final = re.compile(r"\s*(?:\[(?:\[\s*(?:#(?:#\s*\w*\s*(?:#(?:#\s*\]?)?)?)?)?)?)?$")


class FieldText:
    """Picks the text of one field out of an answer that arrives in pieces.

    What might be the beginning of a marker is held back until it is clear whether it is one.
    """

    def __init__(self, field: str) -> None:
        self._field = field
        self._pending = ""
        self._inside = False
        self._begun = False

    def feed(self, piece: str) -> str:
        """The text of the field that has become certain with this piece."""
        self._pending += piece
        text = ""
        while (marker := _MARKER.search(self._pending)) is not None:
            text += self._taken(marker.start()).rstrip()
            self._pending = self._pending[marker.end() - marker.start() :]
            self._inside = marker[1].casefold() == self._field
        perhaps = _PERHAPS.search(self._pending)
        return text + self._taken(perhaps.start() if perhaps else len(self._pending))

    def rest(self) -> str:
        """What was held back, when nothing more can come."""
        return self._taken(len(self._pending)).rstrip()

    def _taken(self, end: int) -> str:
        taken, self._pending = self._pending[:end], self._pending[end:]
        if not self._inside:
            return ""
        if not self._begun:
            taken = taken.lstrip()
            self._begun = bool(taken)
        return taken


class _Streamed:
    """One streamed answer: the request, the pieces, and the values once all of it is there."""

    def __init__(self, predictor: dspy.Predict, inputs: Mapping[str, str], field: str) -> None:
        self.lm: dspy.LM = predictor.lm or settings.lm
        self.adapter: Adapter = settings.adapter
        self.signature = predictor.signature
        messages = self.adapter.format(self.signature, predictor.demos, dict(inputs))
        self.request: Request = request_for(self.lm, predictor.config, messages, 0)
        self._text = FieldText(field)
        self._events: list[Any] = []

    def pieces(self, event: Any) -> Iterator[str]:  # noqa: ANN401  any of lm15's event classes
        self._events.append(event)
        if isinstance(event, StreamDeltaEvent) and isinstance(event.delta, TextDelta):
            yield from filter(None, [self._text.feed(event.delta.text)])

    def end(self) -> Iterator[str | Values]:
        yield from filter(None, [self._text.rest()])
        response = materialize_response(iter(self._events), self.request)
        keep_books(self.lm, self.request, response)
        try:
            yield self.adapter.read(self.signature, response)
        except AnswerError as error:
            # What has been shown cannot be taken back, so there is no second try.
            raise UnreadableAnswerError(self.signature, response.text or "", error) from error


def streams(predictor: dspy.Predict) -> bool:
    """Whether the language model in force can be streamed through our adapter."""
    lm = predictor.lm or settings.lm
    return isinstance(settings.adapter, Adapter) and isinstance(getattr(lm, "engine", None), DirectEngine)


def stream_field(predictor: dspy.Predict, inputs: Mapping[str, str], field: str) -> Iterator[str | Values]:
    """The text of ``field`` as it arrives, and at the end the values of all fields."""
    streamed = _Streamed(predictor, inputs, field)
    with closing(streamed.lm.engine.stream(streamed.request)) as events:
        for event in events:
            yield from streamed.pieces(event)
    yield from streamed.end()


async def astream_field(
    predictor: dspy.Predict, inputs: Mapping[str, str], field: str
) -> AsyncGenerator[str | Values, None]:
    """`stream_field`, asynchronously."""
    streamed = _Streamed(predictor, inputs, field)
    async with aclosing(streamed.lm.engine.asynchronous.stream(streamed.request)) as events:
        async for event in events:
            for piece in streamed.pieces(event):
                yield piece
    for last in streamed.end():
        yield last
