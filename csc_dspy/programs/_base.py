"""What all programs share: preparing the history, asking in steps, typed results."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import dspy

from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import DataError
from csc_dspy.lm.in_force import in_force
from csc_dspy.lm.measuring import Measured, Usage, measuring
from csc_dspy.lm.predicting import afill_in, fill_in, leaf
from csc_dspy.lm.streaming import astream_field, stream_field, streams
from csc_dspy.programs.history import History, Situation, as_conversation
from csc_dspy.programs.options import Options
from csc_dspy.programs.pool import Pool
from csc_dspy.programs.results import SupportPrediction
from csc_dspy.signatures import classify_strategy
from csc_dspy.taxonomy import Localized, Strategy

StreamItem = str | SupportPrediction
"""A piece of the response's text, or a prediction: what is decided before the text, and at the end all."""

_REASONING: Final = Localized(
    en="one or two sentences that lead to the decision", zh="用一两句话说明作出判断的理由"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the language model."""

    predictor: dspy.Predict | dspy.ChainOfThought
    inputs: Mapping[str, str]
    streamed: str | None = None
    """The output field whose text may be streamed."""
    decided: SupportPrediction | None = None
    """What is decided before this question, for those who watch the stream."""


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to an `Ask`."""

    values: Mapping[str, Any]
    probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


Steps = Generator[Ask, Told, SupportPrediction]


class Program(dspy.Module):
    """A DSPy module for support conversations.

    Programs hold no language model: they use that of ``dspy.context``. A program says in `steps` what it
    asks; calling, awaiting and streaming it all run the same steps.
    """

    name: ClassVar[str]

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.options = options or Options()
        self.labeller = _Labeller(self.options)
        self.compiled_for: str | None = None
        """The language model that it was compiled for; asked where none is in force, if it is embedded."""
        self.pool: Pool | None = None
        """Demonstrations of which every question shows the nearest, besides those of its predictor."""

    @abstractmethod
    def steps(self, situation: Situation) -> Steps:
        """Ask what has to be asked, and return the prediction."""

    def predictor(self, signature: type[dspy.Signature]) -> dspy.Predict | dspy.ChainOfThought:
        """A predictor for ``signature``, with reasoning where the options ask for it."""
        if not self.options.reasoning:
            return dspy.Predict(signature)
        return dspy.ChainOfThought(
            signature, rationale_field=dspy.OutputField(desc=_REASONING[self.options.language])
        )

    def forward(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> SupportPrediction:
        """The prediction for the supporter's coming turn after ``history``.

        ``turn`` is the text of that turn where the task is to label it; ``strategy`` is given where the
        caller has decided it.
        """
        run = self._begin(history, turn, strategy)
        while run.ask:
            with measuring() as measured, self._lm_for(run.ask):
                values = fill_in(run.ask.predictor, run.ask.inputs, self._shown(run.ask))
            run.tell(values, measured)
        return run.prediction

    async def aforward(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> SupportPrediction:
        """`forward`, asynchronously."""
        run = self._begin(history, turn, strategy)
        while run.ask:
            with measuring() as measured, self._lm_for(run.ask):
                values = await afill_in(run.ask.predictor, run.ask.inputs, self._shown(run.ask))
            run.tell(values, measured)
        return run.prediction

    async def adecide(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> SupportPrediction:
        """`aforward` without the text, where a question of its own asks for that."""
        run = self._begin(history, turn, strategy)
        while run.ask:
            if run.ask.decided:
                return run.ask.decided
            with measuring() as measured, self._lm_for(run.ask):
                values = await afill_in(run.ask.predictor, run.ask.inputs, self._shown(run.ask))
            run.tell(values, measured)
        return run.prediction

    def stream(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> Generator[StreamItem, None, None]:
        """What is decided, then the response's text as it is written, then the whole prediction.

        Engines that cannot stream give the text in one piece. Closing the generator early ends the call.
        """
        run = self._begin(history, turn, strategy)
        while ask := run.ask:
            if ask.decided:
                yield ask.decided
            with closing(_pieces(ask, self._shown(ask))) as pieces:
                while run.ask is ask:
                    # Not around the yield: what the consumer does meanwhile is not ours to measure.
                    with measuring() as measured, self._lm_for(ask):
                        piece = next(pieces)
                    if isinstance(piece, str):
                        run.count(measured)
                        yield piece
                    else:
                        run.tell(piece, measured)
        yield run.prediction

    async def astream(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> AsyncGenerator[StreamItem, None]:
        """`stream`, asynchronously."""
        run = self._begin(history, turn, strategy)
        while ask := run.ask:
            if ask.decided:
                yield ask.decided
            async with aclosing(_apieces(ask, self._shown(ask))) as pieces:
                while run.ask is ask:
                    with measuring() as measured, self._lm_for(ask):
                        piece = await anext(pieces)
                    if isinstance(piece, str):
                        run.count(measured)
                        yield piece
                    else:
                        run.tell(piece, measured)
        yield run.prediction

    def set_lm(self, lm: dspy.LM | None) -> None:
        """Use ``lm`` instead of that of ``dspy.context``, also for what optimizers do not see."""
        super().set_lm(lm)
        for module in vars(self).values():
            if isinstance(module, dspy.Module):
                module.set_lm(lm)

    def demonstrations(self, ask: Ask) -> Sequence[Mapping[str, Any]]:
        """What a question shows: the predictor's demonstrations, and behind them the nearest of the pool."""
        asked = leaf(ask.predictor)
        if self.pool is None:
            return asked.demos
        name = next((name for name, each in self.named_predictors() if leaf(each) is asked), "")
        return [*asked.demos, *self.pool.nearest(name, ask.inputs, tuple(asked.signature.input_fields))]

    def load_state(self, state: dict[str, Any], **options: Any) -> None:  # noqa: ANN401  DSPy's own
        """Take over what ``dump_state`` wrote; ArtifactError if it has a pool that does not fit."""
        pool = Pool().load_state(state["pool"]) if "pool" in state else None
        if pool is not None:
            pool.require_fit(dict(self.named_predictors()))
        self.pool = None
        super().load_state(state, **options)
        self.pool = pool

    def _shown(self, ask: Ask) -> dict[str, Any]:
        """Demonstrations to hand over with a question, where they are not the predictor's own."""
        return {} if self.pool is None else {"demos": self.demonstrations(ask)}

    def _lm_for(self, ask: Ask) -> AbstractContextManager[object]:
        """The language model to answer by, in force: one of the predictor's own needs no help."""
        return nullcontext() if leaf(ask.predictor).lm is not None else in_force(self.compiled_for)

    def _begin(self, history: History, turn: str | None, strategy: str | Strategy | None) -> _Run:
        return _Run(self.questions(history, turn, strategy))

    def questions(
        self, history: History = (), turn: str | None = None, strategy: str | Strategy | None = None
    ) -> Steps:
        """All that `forward` would ask, to be answered by whoever goes through it."""
        taxonomy = self.options.taxonomy
        forced = taxonomy.strategy(strategy) if isinstance(strategy, str) else strategy
        if forced is not None and forced not in taxonomy.strategies:
            raise DataError(
                f"the strategy {forced.id!r} is one of the taxonomy {forced.taxonomy!r}",
                remedy=f"give one of {taxonomy.id!r}",
            )
        return self._all_steps(as_conversation(history, taxonomy), turn, forced)

    def _all_steps(self, conversation: Conversation, turn: str | None, strategy: Strategy | None) -> Steps:
        if self.options.unlabelled == "classify":
            conversation = yield from self._labelled(conversation)
        prediction = yield from self.steps(self._situation(conversation, turn, strategy))
        prediction.history = conversation
        return prediction

    def _labelled(self, conversation: Conversation) -> Generator[Ask, Told, Conversation]:
        """The conversation with a strategy at every supporter turn."""
        turns = list(conversation.dialogue)
        for index, turn in conversation.supporter_turns():
            if turn.strategy is None:
                before = self._situation(conversation.with_turns(turns[:index]), turn.text)
                told = yield Ask(
                    self.labeller.classify, {"conversation": before.rendered(), "turn": before.spoken()}
                )
                label = self.options.taxonomy.strategy(told.values["strategy"])
                turns[index] = turn.model_copy(update={"strategy": label})
        return conversation.with_turns(turns)

    def _situation(
        self, conversation: Conversation, turn: str | None = None, strategy: Strategy | None = None
    ) -> Situation:
        options = self.options
        return Situation(conversation, options.language, options.history_tokens, turn, strategy)


class _Labeller(dspy.Module):
    """Labels turns of the past. That is not the program's own task, so optimizers do not see it."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.classify = dspy.Predict(classify_strategy(options.taxonomy, options.language))
        hide(self)


def hide(module: dspy.Module) -> None:
    """Keep optimizers away from a module: DSPy passes over what counts as compiled already."""
    module._compiled = True  # noqa: SLF001  the only mark that DSPy has for it


class _Run:
    """A run of a program's steps: what is asked now, and the prediction once nothing is."""

    prediction: SupportPrediction

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._usage = Usage()
        self._probabilities: dict[str, Mapping[str, float]] = {}
        self.ask: Ask | None = None
        self._advance(None)

    def tell(self, values: Mapping[str, Any], measured: Measured) -> None:
        """Answer what is asked."""
        self.count(measured)
        probabilities, self._probabilities = self._probabilities, {}
        self._advance(Told(values, probabilities))

    def count(self, measured: Measured) -> None:
        """Add what has been measured on the way to the answer."""
        self._usage.add(measured.usage)
        self._probabilities.update(measured.probabilities)

    def _advance(self, told: Told | None) -> None:
        try:
            self.ask = self._steps.send(told) if told else next(self._steps)
        except StopIteration as done:
            self.ask = None
            self.prediction = done.value
            self.prediction.usage = self._usage


def _pieces(ask: Ask, shown: Mapping[str, Any]) -> Generator[str | Mapping[str, Any], None, None]:
    """The pieces of the streamed field, where there is one and the engine can, then the values."""
    if ask.streamed and streams(leaf(ask.predictor)):
        yield from stream_field(leaf(ask.predictor), ask.inputs, ask.streamed, **shown)
        return
    values = fill_in(ask.predictor, ask.inputs, shown)
    if ask.streamed:
        yield values[ask.streamed]
    yield values


async def _apieces(ask: Ask, shown: Mapping[str, Any]) -> AsyncGenerator[str | Mapping[str, Any], None]:
    if ask.streamed and streams(leaf(ask.predictor)):
        async with aclosing(astream_field(leaf(ask.predictor), ask.inputs, ask.streamed, **shown)) as pieces:
            async for piece in pieces:
                yield piece
        return
    values = await afill_in(ask.predictor, ask.inputs, shown)
    if ask.streamed:
        yield values[ask.streamed]
    yield values
