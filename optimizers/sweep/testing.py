"""The test split: once, at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.data import read
from csc_dspy.data.near_duplicates import NearDuplicates
from csc_dspy.evaluation.scoring import Score
from csc_dspy.exceptions import DataError, LeakError
from csc_dspy.journal import content_key

from .asking import answers_of, goals_of
from .examining import Examined
from .scoring import Course

if TYPE_CHECKING:
    import optuna

    from csc_dspy.conversations import Conversation

    from ..data import Given
    from .connections import Connections
    from .settings import Settings

_TEST: Final = "final_test"
SIDES: Final = ("winner", "baseline")


def tested(
    settings: Settings,
    study: optuna.Study,
    given: Given,
    sides: Sequence[Examined],
    connections: Connections,
    *,
    concurrency: int,
) -> dict[str, dict[str, Score]]:
    """The scores of winner and baseline on the test split. What a study has been tested by stays as it is.

    LeakError if a dialogue of it was trained or chosen on, or if the study was tested on another winner: a
    test that is repeated until it pleases is none.
    """
    dialogues = _read(settings, given)
    asked = content_key([each.row() for each in dialogues], sides[0].number)
    known = study.user_attrs.get(_TEST)
    if known is not None:
        if known["asked"] != asked:
            raise LeakError(
                "the study has been tested once already, on other dialogues or another winner",
                remedy="its result stands; for another, begin a new study",
            )
        return _as_scores(known["scores"])
    turns = Course(dialogues, dialogues[0].taxonomy, settings.seed)
    found = {
        side: _examined(each, settings, turns, connections, concurrency=concurrency).scores
        for side, each in zip(SIDES, sides, strict=True)
    }
    study.set_user_attr(
        _TEST,
        {
            "asked": asked,
            "scores": {
                side: {name: asdict(score) for name, score in scores.items()}
                for side, scores in found.items()
            },
        },
    )
    return found


def _examined(
    side: Examined, settings: Settings, turns: Course, connections: Connections, *, concurrency: int
) -> Examined:
    connected = connections.get(settings.space.values(side.parameters))
    with connected.in_force(trace=False):
        answers = answers_of(side.program, settings, turns, concurrency)
        progress = answers.until(len(turns.turns))
    return replace(
        side,
        goals=goals_of(side.program, connected, settings, turns),
        dialogues=turns.by_dialogue(progress.predictions),
    )


def _read(settings: Settings, given: Given) -> list[Conversation]:
    taxonomy = settings.data[0].conversations[0].taxonomy
    source = given if not isinstance(given, str) else read(given, taxonomy=taxonomy, use="evaluate")
    found = [each for each in source if each.spoken_language == settings.spoken]  # type: ignore[union-attr]
    if not found:
        raise DataError(f"has no dialogue in {settings.spoken!r}", where="--final-test")
    known = NearDuplicates()
    for part in settings.data:
        for conversation in part.conversations:
            known.add(conversation)
    if seen := [each.id for each in found if known.like(each)]:
        raise LeakError(
            f"{len(seen)} of its dialogues were trained or chosen on, as {seen[0]}", where="--final-test"
        )
    return found


def _as_scores(content: Mapping[str, Any]) -> dict[str, dict[str, Score]]:
    return {
        side: {name: Score(**score) for name, score in scores.items()} for side, scores in content.items()
    }
