"""A dialogue played, checked and judged, as the journal keeps it until the corpus is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from csc_dspy.conversations import Turn
from csc_dspy.exceptions import AnswerError
from csc_dspy.roleplay._base import Failed, Flaw, Played, Scenario, Task
from csc_dspy.roleplay.acting import Actors
from csc_dspy.roleplay.playing import play, recounted
from csc_dspy.roleplay.quality import Limits, Verdict, flaws
from csc_dspy.roleplay.rules import Rules
from csc_dspy.taxonomy import Taxonomy

if TYPE_CHECKING:
    from csc_dspy.roleplay.quality import Judge
    from csc_dspy.roleplay.script import Memory, Script


@dataclass(frozen=True)
class Settled:
    """A dialogue, and what is wrong with it by itself; whether it is new is for the corpus to say."""

    result: Played | Failed
    flaws: Sequence[Flaw] = ()
    verdict: Verdict | None = None


async def settle(
    task: Task, actors: Actors, rules: Rules, judge: Judge | None = None, journal: Memory | None = None
) -> Settled:
    """Play a task, check the dialogue, and have it judged if it is good so far.

    All that it depends on is handed in, so tasks may be settled anywhere. What the journal has of it is not
    done again, and when it is settled the journal has that in place of the turns.
    """
    if journal is not None and task.key in journal:
        return _from_entry(journal.get(task.key), task, actors, rules.taxonomy)
    result, script = await play(task, actors, rules, journal)
    settled = await _examined(result, script, rules, judge) if isinstance(result, Played) else Settled(result)
    if journal is not None and isinstance(settled.result, Played):
        journal.record(task.key, _entry(settled), instead_of=script.keys)
    return settled


async def _examined(played: Played, script: Script, rules: Rules, judge: Judge | None) -> Settled:
    found = flaws(played, rules.taxonomy, Limits(most_turns=rules.most_turns))
    if found or judge is None:
        return Settled(played, found)
    try:
        verdict = await script.judged(played, judge)
    except AnswerError as error:
        failed = Failed(played.task, "unjudged", str(error), script.calls, script.tokens, script.usd)
        return Settled(failed)
    return Settled(recounted(played, script), verdict.flaws, verdict)


def _entry(settled: Settled) -> dict[str, Any]:
    played = settled.result
    assert isinstance(played, Played)
    return {
        "scenario": asdict(played.scenario),
        "turns": [_row(turn) for turn in played.turns],
        "ended": played.ended,
        "calls": played.calls,
        "tokens": played.tokens,
        "usd": played.usd,
        "overruled": played.overruled,
        "flaws": [asdict(flaw) for flaw in settled.flaws],
        "verdict": settled.verdict.to_dict() if settled.verdict else None,
    }


def _row(turn: Turn) -> dict[str, str]:
    labels = {"strategy": turn.strategy, "stage": turn.stage}
    return {"text": turn.text, **{key: label.id for key, label in labels.items() if label is not None}}


def _from_entry(entry: dict[str, Any], task: Task, actors: Actors, taxonomy: Taxonomy) -> Settled:
    played = Played(
        task,
        Scenario(**entry["scenario"]),
        tuple(_turn(row, taxonomy) for row in entry["turns"]),
        entry["ended"],
        actors.models,
        entry["calls"],
        entry["tokens"],
        entry["overruled"],
        actors.notes,
        entry["usd"],
    )
    verdict = Verdict.from_dict(entry["verdict"]) if entry["verdict"] else None
    return Settled(played, [Flaw(**flaw) for flaw in entry["flaws"]], verdict)


def _turn(row: dict[str, str], taxonomy: Taxonomy) -> Turn:
    if "strategy" not in row:
        return Turn(speaker="customer", text=row["text"])
    strategy, stage = taxonomy.strategy(row["strategy"]), taxonomy.stage(row["stage"])
    return Turn(speaker="supporter", text=row["text"], strategy=strategy, stage=stage)
