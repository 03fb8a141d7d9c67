"""The text of one output field, piece by piece as the language model writes it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import Any, Final

import dspy
from dspy.dsp.utils.settings import settings
from dspy.lm15 import Request, StreamDeltaEvent, TextDelta, materialize_response

from csc_dspy.lm.adapter import Adapter, UnreadableAnswerError, Values
from csc_dspy.lm.calling import is_direct, keep_books, request_for
from csc_dspy.lm.parsing import MARKER, FlawError
from csc_dspy.lm.rendering import Message

# The beginning of a marker, at the end of a text.
_BEGUN: Final = re.compile(r"\[(?:\[\s*(?:#(?:#\s*\w*\s*(?:#(?:#\s*\]?)?)?)?)?)?\Z")
# What may stand before a marker and belong to it.
_DRESS: Final = " \t*_>`"


class FieldText:
    """Picks the text of one field out of an answer that arrives in pieces: the text that `read_answer` finds.

    What might belong to a marker is held back until it is clear whether it does.
    """

    def __init__(self, field: str) -> None:
        self.shown = False
        """Whether any text of the field has been given out."""
        self._field = field.casefold()
        self._answer = ""
        self._at = 0
        self._inside = self._over = False

    def feed(self, piece: str) -> str:
        """The text of the field that has become certain with this piece."""
        self._answer += piece
        text = ""
        # Dress may follow a marker, so one at the very end has to wait.
        while (marker := self._next_marker()) is not None and marker.end() < len(self._answer):
            text += self._pass(marker)
        return text + self._taken(self._certain(marker))

    def rest(self) -> str:
        """What was held back, when nothing more can come."""
        text = ""
        while (marker := self._next_marker()) is not None:
            text += self._pass(marker)
        return text + self._taken(len(self._answer.rstrip()))

    def _next_marker(self) -> re.Match[str] | None:
        return MARKER.search(self._answer, self._at)

    def _pass(self, marker: re.Match[str]) -> str:
        """The text before a marker; behind it the field begins, goes on or ends."""
        text = self._taken(len(self._answer[: marker.start()].rstrip()))
        self._at = marker.end()
        self._over = self._over or self._inside
        self._inside = not self._over and (marker[1] or "").casefold() == self._field
        return text

    def _certain(self, marker: re.Match[str] | None) -> int:
        """Where the text ends that nothing to come can change."""
        begun = marker or _BEGUN.search(self._answer, self._at)
        end = begun.start() if begun else len(self._answer)
        return len(self._answer[self._at : end].rstrip(_DRESS).rstrip()) + self._at

    def _taken(self, end: int) -> str:
        begin, self._at = self._at, max(self._at, end)
        if not self._inside:
            return ""
        taken = self._answer[begin:end]
        taken = taken if self.shown else taken.lstrip()
        self.shown = self.shown or bool(taken)
        return taken


class _Streamed:
    """One streamed field: the request, the pieces, and the values once all of it is there."""

    def __init__(
        self,
        predictor: dspy.Predict,
        inputs: Mapping[str, str],
        field: str,
        demos: Sequence[Mapping[str, Any]] | None,
    ) -> None:
        self.lm: dspy.LM = predictor.lm or settings.lm
        self.values: Values | None = None
        self._adapter: Adapter = settings.adapter
        self._signature = predictor.signature
        self._options = predictor.config
        self._field = field
        self._repaired = False
        shown = predictor.demos if demos is None else demos
        self._ask(self._adapter.format(self._signature, shown, dict(inputs)))

    def pieces(self, event: Any) -> Iterator[str]:  # noqa: ANN401  any of lm15's event classes
        """The text of the field that comes with an event."""
        self._events.append(event)
        if isinstance(event, StreamDeltaEvent) and isinstance(event.delta, TextDelta):
            yield from filter(None, [self._text.feed(event.delta.text)])

    def end(self) -> Iterator[str]:
        """What is left of the text. After it there are values, or there is another request."""
        response = materialize_response(iter(self._events), self.request)
        keep_books(self.lm, self.request, response)
        yield from filter(None, [self._text.rest()])
        try:
            values = self._adapter.read(self._signature, response)
        except FlawError as flaw:
            # What has been shown cannot be taken back.
            if self._text.shown or self._repaired:
                raise UnreadableAnswerError(self._signature, response.text or "", flaw) from flaw
            self._repaired = True
            self._ask([*self._messages, *self._adapter.repair(self._signature, response, flaw)])
            return
        if not self._text.shown:
            # An answer without markers is known for one only when it is whole.
            yield values[self._field]
        self.values = values

    def _ask(self, messages: list[Message]) -> None:
        self._messages = messages
        self.request: Request = request_for(self.lm, self._options, messages, 0, self._signature)
        self._text = FieldText(self._field)
        self._events: list[Any] = []


def streams(predictor: dspy.Predict) -> bool:
    """Whether the language model in force can be streamed through our adapter."""
    lm = predictor.lm or settings.lm
    return isinstance(settings.adapter, Adapter) and is_direct(getattr(lm, "engine", None))


def stream_field(
    predictor: dspy.Predict,
    inputs: Mapping[str, str],
    field: str,
    demos: Sequence[Mapping[str, Any]] | None = None,
) -> Generator[str | Values, None, None]:
    """The text of ``field`` as it arrives, and at the end the values of all fields.

    ``demos`` stand in for the predictor's own. An answer that cannot be read is asked for once more, unless
    text of it has been given out already.
    """
    streamed = _Streamed(predictor, inputs, field, demos)
    while streamed.values is None:
        with closing(streamed.lm.engine.stream(streamed.request)) as events:
            for event in events:
                yield from streamed.pieces(event)
        yield from streamed.end()
    yield streamed.values


async def astream_field(
    predictor: dspy.Predict,
    inputs: Mapping[str, str],
    field: str,
    demos: Sequence[Mapping[str, Any]] | None = None,
) -> AsyncGenerator[str | Values, None]:
    """`stream_field`, asynchronously."""
    streamed = _Streamed(predictor, inputs, field, demos)
    while streamed.values is None:
        async with aclosing(streamed.lm.engine.asynchronous.stream(streamed.request)) as events:
            async for event in events:
                for piece in streamed.pieces(event):
                    yield piece
        for last in streamed.end():
            yield last
    yield streamed.values
