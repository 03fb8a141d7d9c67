"""Models fine-tuned without some of the dialogues: only what they say of those tells how sure one may be.

A model has learned the turns of training by heart. What it is joined with, and how much that counts, is
fitted on answers about dialogues that it has not seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from csc_dspy.programs.teaching import lessons, training_examples

from .demonstrating import decides_labels
from .evidence import FOLDS, parted

if TYPE_CHECKING:
    import dspy

    from csc_dspy.choosing import Programs
    from csc_dspy.conversations import Conversation
    from csc_dspy.lm.embedded.chat_rows import Row
    from csc_dspy.lm.embedded.fine_tuned import FineTuned
    from csc_dspy.programs import Program

_MOST_TURNS: Final = 20_000
"""So many turns are fitted in all: all folds of a few thousand turns, one of a hundred thousand."""
_KEPT: Final = 1_000
"""Of so many dialogues the rows stay in memory."""
_NAME: Final = "heldout"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A fine-tuned language model, and the dialogues that it has not seen."""

    dialogues: frozenset[str]
    """As ids of examples name them."""
    lm: dspy.LM


def held_out_models(
    programs: Programs, conversations: Sequence[Conversation], seed: int
) -> Iterator[HeldOut]:
    """The embedded engine fine-tuned without one fold of the dialogues after the other.

    The dialogues of all languages that the program is for teach, as they do the model itself.
    """
    from csc_dspy.lm.embedded.fine_tuned import fine_tune

    known = [each for each in conversations if programs.language in {None, each.spoken_language}]
    names = [each.id or each.content_hash[:16] for each in known]
    fold = parted(names, seed)
    turns = sum(1 for each in known for _ in each.supporter_turns())
    # Every fold but one asks for the rows of a dialogue; those of a large corpus would fill the memory.
    rows = lru_cache(_KEPT)(lambda place: [*_rows(programs.for_conversation(known[place]), known[place])])
    for number in range(fits(turns)):
        rest = [place for place in range(len(known)) if fold[place] != number]
        unseen = frozenset(name for name, place in zip(names, fold, strict=True) if place == number)
        if rest and unseen:
            taught = (row for place in rest for row in rows(place))
            yield HeldOut(unseen, _connected(fine_tune(_once(taught), seed=seed)))


def fits(turns: int) -> int:
    """How many folds of dialogues with so many turns are held out: of many, one tells enough."""
    return max(1, min(FOLDS, _MOST_TURNS // max(turns, 1)))


def _rows(program: Program, conversation: Conversation) -> Iterator[Row]:
    """What its fine-tuning rows say, without rendering them: questions about labels."""
    from csc_dspy.lm.embedded.chat_rows import Row

    predictors = {name: each for name, each in program.named_predictors() if decides_labels(each)}
    for example in training_examples(program, [conversation]):
        for lesson in lessons(program, example):
            if lesson.predictor in predictors:
                fields = predictors[lesson.predictor].signature
                yield Row(
                    {name: lesson.inputs[name] for name in fields.input_fields if name in lesson.inputs},
                    {name: lesson.outputs[name] for name in fields.output_fields if name in lesson.outputs},
                )


def _once(rows: Iterable[Row]) -> Iterator[Row]:
    """Equal rows once, as an export has them."""
    known: set[int] = set()
    for row in rows:
        key = hash((*row.inputs.items(), *row.outputs.items()))
        if key not in known:
            known.add(key)
            yield row


def _connected(model: FineTuned) -> dspy.LM:
    """A language model that is nowhere but in memory."""
    import dspy

    from csc_dspy.lm.embedded import EmbeddedEngine
    from csc_dspy.lm.specs import EMBEDDED

    engine = EmbeddedEngine({_NAME: model})
    name = f"{EMBEDDED}/{_NAME}"
    return dspy.LM(name, cache=False, num_retries=0, engine=engine, async_engine=engine.asynchronous)
