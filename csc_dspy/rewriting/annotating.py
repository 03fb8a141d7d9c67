"""Strategy and stage of each supporter turn, by the strategy classifier; no word is changed."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.conversations import Conversation, Turn, history_key
from csc_dspy.exceptions import ConfigError, CSCError
from csc_dspy.rewriting._base import Dropped, Transcript

if TYPE_CHECKING:
    from csc_dspy.choosing import Programs
    from csc_dspy.journal import Journal
    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Language, Taxonomy

CLASSIFIER: Final = "strategy-classifier"


class Annotating:
    """Labels turn after turn, each with the labels before it in view. What the journal holds is not asked.

    A dialogue that the language model fails on is dropped, as ``failed``; its turns until then are kept.
    """

    name = "annotate"

    def __init__(self, programs: Programs, journal: Journal | None = None) -> None:
        from csc_dspy.programs import StrategyClassifier

        if not isinstance(programs.in_language(programs.language or "en"), StrategyClassifier):
            raise ConfigError(
                f"{programs.name} does not label turns that are there",
                where="--program",
                remedy=f"take {CLASSIFIER}, or one that was compiled from it",
            )
        self._programs = programs
        self._journal = journal

    @property
    def identity(self) -> Mapping[str, Any]:
        """The program and all that its answers depend on."""
        return self._programs.identity

    async def take(self, transcript: Transcript) -> Transcript | Dropped:
        """Label the supporter's turns."""
        from csc_dspy.lm.failures import ends_a_run

        try:
            return transcript.having(await self.label(transcript.conversation))
        except CSCError as error:
            if ends_a_run(error):
                raise
            return Dropped(self.name, "failed", str(error), transcript)

    async def label(self, conversation: Conversation) -> Conversation:
        """The conversation with a strategy and a stage at every turn of the supporter."""
        program = self._programs.for_conversation(conversation)
        bare = conversation.model_copy(update={"taxonomy": program.options.taxonomy})
        turns = [_without_labels(turn) for turn in conversation.dialogue]
        for index, turn in conversation.supporter_turns():
            label = await self._label(program, bare.with_turns(turns[:index]), turn.text)
            turns[index] = _labelled(turns[index], label, program)
        return bare.with_turns(turns)

    async def _label(self, program: Program, before: Conversation, text: str) -> dict[str, Any]:
        key = history_key(before, self.name, program.options.language, text)
        if self._journal is not None and key in self._journal:
            kept: dict[str, Any] = self._journal.get(key)
            return kept
        said = await program.acall(history=before, turn=text)
        label: dict[str, Any] = {"strategy": said.strategy.id, "stage": said.stage.id}
        if said.strategy_probabilities:
            label["confidence"] = round(said.strategy_probabilities[said.strategy.id], 4)
        if self._journal is not None:
            self._journal.record(key, label)
        return label


def _without_labels(turn: Turn) -> Turn:
    return turn.model_copy(update={"strategy": None, "stage": None}) if turn.strategy or turn.stage else turn


def _labelled(turn: Turn, label: Mapping[str, Any], program: Program) -> Turn:
    taxonomy = program.options.taxonomy
    sure = {"confidence": label["confidence"]} if "confidence" in label else {}
    return turn.model_copy(
        update={
            "strategy": taxonomy.strategy(label["strategy"]),
            "stage": taxonomy.stage(label["stage"]),
            **sure,
        }
    )


def annotate(
    conversations: Iterable[Conversation],
    *,
    program: str | Program = CLASSIFIER,
    taxonomy: Taxonomy | None = None,
    language: Language | None = None,
    lm: str | None = "embedded",
    concurrency: int = 8,
) -> Generator[Conversation, None, None]:
    """The conversations with strategy and stage of every supporter turn, in order; their texts are untouched.

    Labels that are there already are not looked at. The language model is the one in force, or else the
    embedded engine; ``lm`` is the one whose packaged program is taken. ``confidence`` of a turn is the
    probability of its strategy, where that is measured.
    """
    from csc_dspy.choosing import Programs
    from csc_dspy.concurrency import in_order
    from csc_dspy.lm.in_force import in_force

    async def labelled(conversation: Conversation) -> Conversation:
        with in_force(lm):
            return await labeller.label(conversation)

    labeller = Annotating(Programs(program, taxonomy=taxonomy, language=language, lm=lm))
    with closing(in_order(conversations, labelled, concurrency)) as results:
        yield from results
