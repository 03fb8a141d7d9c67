"""The adapter between programs and language models.

Prompts are those of ``dspy.ChatAdapter``; answers are read forgivingly, and one that cannot be read is asked
for once more with the reason. Engines that declare themselves structured get the task itself instead.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

import dspy
from dspy.lm15 import Request, Response
from dspy.utils.exceptions import AdapterParseError

from csc_dspy.conversations import detect_language
from csc_dspy.exceptions import AnswerError
from csc_dspy.lm.calling import acomplete, complete, generations, request_for
from csc_dspy.lm.label_likelihoods import label_fields, label_likelihoods
from csc_dspy.lm.measuring import record_call, record_probabilities, record_repair
from csc_dspy.lm.parsing import FlawError, read_answer
from csc_dspy.lm.remembered import Remembered
from csc_dspy.lm.rendering import MemoizingChatAdapter, Message, demonstrations_key
from csc_dspy.lm.structured import Demonstrations, Task, is_structured
from csc_dspy.lm.tasks import task_of, texts
from csc_dspy.taxonomy import Localized

Values = dict[str, Any]
Exchange = Generator[Request, Response, Values]

_AGAIN: Final = Localized(
    en="That answer cannot be read: {problem}. Answer again, completely and in exactly the required form.",
    zh="这个回答无法读取（{problem}）。请严格按照要求的格式，完整地重新回答一次。",
)
_CUT_OFF: Final = Localized(en="it was cut off at the token limit", zh="它因达到长度上限而被截断")
_EMPTY: Final = Localized(en="it is empty", zh="它是空的")


class UnreadableAnswerError(AnswerError, AdapterParseError):
    """An answer could not be read, and neither could the one to the second try.

    It is both an error of ours and the one that DSPy's optimizers know how to learn from. Its message never
    holds the answer, which may quote a customer; ``lm_response`` does.
    """

    def __init__(self, signature: type[dspy.Signature], answer: str, cause: AnswerError) -> None:
        # Neither parent's constructor: DSPy's would put the whole answer into the message.
        self.problem = f"the language model's answer cannot be read: {cause.problem}"
        self.where = None
        self.remedy = cause.remedy
        self.adapter_name = type(self).__name__
        self.signature = signature
        self.lm_response = answer
        self.parsed_result = None
        Exception.__init__(self, self.problem)


class Adapter(MemoizingChatAdapter):
    """Asks a language model to fill in a signature, and reads its answer."""

    def __init__(self) -> None:
        super().__init__()
        self._data: Remembered[Demonstrations] = Remembered(64)

    def __call__(
        self,
        lm: dspy.LM,
        lm_kwargs: Mapping[str, Any],
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> list[Values]:
        """The output values, once for each generation asked for."""
        if is_structured(lm.engine):
            return [self._structured(lm, signature, demos, inputs)]
        return [
            _run(self._exchange(lm, lm_kwargs, signature, demos, inputs, generation), lm)
            for generation in range(generations(lm, lm_kwargs))
        ]

    async def acall(
        self,
        lm: dspy.LM,
        lm_kwargs: Mapping[str, Any],
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> list[Values]:
        """The output values, once for each generation asked for."""
        if is_structured(lm.engine):
            return [self._structured(lm, signature, demos, inputs)]
        return [
            await _arun(self._exchange(lm, lm_kwargs, signature, demos, inputs, generation), lm)
            for generation in range(generations(lm, lm_kwargs))
        ]

    def parse(self, signature: type[dspy.Signature], completion: str) -> Values:
        """The output values in an answer's text; see `read_answer`."""
        return read_answer(signature, completion)

    def _structured(
        self,
        lm: dspy.LM,
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
    ) -> Values:
        task = task_of(signature)  # type: ignore[arg-type]  # mypy takes a class of type Any for unhashable
        answer = lm.engine.answer(lm.model, task, self._as_data(signature, demos, task), texts(inputs, task))
        record_call()
        record_probabilities(answer.probabilities)
        return dict(answer.values)

    def _as_data(
        self, signature: type[dspy.Signature], demos: Sequence[Mapping[str, Any]], task: Task
    ) -> Demonstrations:
        def make() -> Demonstrations:
            return Demonstrations(texts(demo, task) for demo in demos)

        key = demonstrations_key(signature, demos)
        return make() if key is None else self._data.get(key, make)

    def _exchange(
        self,
        lm: dspy.LM,
        options: Mapping[str, Any],
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Mapping[str, Any],
        generation: int,
    ) -> Exchange:
        """One question and, if its answer cannot be read, one more try. Yields requests, takes responses."""
        messages = self.format(signature, demos, inputs)
        response = yield request_for(lm, options, messages, generation, signature)
        try:
            return self.read(signature, response)
        except FlawError as flaw:
            messages = [*messages, *self.repair(signature, response, flaw)]
        response = yield request_for(lm, options, messages, generation, signature)
        try:
            return self.read(signature, response)
        except FlawError as flaw:
            raise UnreadableAnswerError(signature, response.text or "", flaw) from flaw

    def repair(
        self, signature: type[dspy.Signature], response: Response, flaw: FlawError
    ) -> tuple[Message, Message]:
        """The answer that cannot be read and the request for another, to go behind the messages before."""
        record_repair()
        language = detect_language(signature.instructions)
        return (
            {"role": "assistant", "content": response.text or "…"},
            {"role": "user", "content": _AGAIN[language].format(problem=flaw.told[language])},
        )

    def read(self, signature: type[dspy.Signature], response: Response) -> Values:
        """The output values of a response; FlawError if it cannot be read."""
        if response.finish_reason == "length":
            raise FlawError(_CUT_OFF, remedy="allow longer answers with --answer-tokens")
        if not response.text or response.text.isspace():
            raise FlawError(_EMPTY)
        values: Values = self.parse(signature, response.text)
        if response.logprobs:
            fields = label_fields(signature)
            record_probabilities(label_likelihoods(fields, values, response.text, response.logprobs))
        return values


def _run(exchange: Exchange, lm: dspy.LM) -> Values:
    try:
        request = next(exchange)
        while True:
            request = exchange.send(complete(lm, request))
    except StopIteration as done:
        values: Values = done.value
        return values


async def _arun(exchange: Exchange, lm: dspy.LM) -> Values:
    try:
        request = next(exchange)
        while True:
            request = exchange.send(await acomplete(lm, request))
    except StopIteration as done:
        values: Values = done.value
        return values
