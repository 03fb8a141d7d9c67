"""Role play by one call from Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError, OutputError
from csc_dspy.roleplay._base import Profile, Role

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget
    from csc_dspy.roleplay.models import Models
    from csc_dspy.roleplay.planning import Plan
    from csc_dspy.roleplay.result import Outcome
    from csc_dspy.roleplay.spreading import Cluster
    from csc_dspy.roleplay.synthesis import Synthesis
    from csc_dspy.taxonomy import Language, Taxonomy

_EVENTS: Final = 0.2
_MOST_TURNS: Final = 50
_FEWEST_TURNS: Final = 10
_CRITERIA: Final = 5


def roleplay(  # noqa: PLR0913  the options, each by its name
    out: str | os.PathLike[str],
    *,
    count: int,
    language: Language | None = None,
    profiles: str | Iterable[Profile] = "generated",
    quarantine: str | os.PathLike[str] | None = None,
    topics: Iterable[str] = (),
    industries: Iterable[str] = (),
    difficulties: Iterable[str] = (),
    scenes: str | os.PathLike[str] | None = None,
    events: float = _EVENTS,
    taxonomy: Taxonomy | None = None,
    lm: str | dspy.LM = "embedded",
    roles: Mapping[Role, str] | None = None,
    compiled: str | os.PathLike[str] | None = None,
    fast: bool = False,
    judge: bool | None = None,
    judge_lm: str | None = None,
    threshold: int = _CRITERIA,
    balance: bool = False,
    against: str | Iterable[str] = (),
    max_turns: int = _MOST_TURNS,
    seed: int = 0,
    resume: bool = False,
    cluster: Cluster | None = None,
    concurrency: int = 32,
    budget: Budget | None = None,
    **lm_options: Any,  # noqa: ANN401  those of csc_dspy.lm.connect
) -> Outcome:
    """Make training conversations by role play.

    Args:
        out: The folder to write. It appears in whole; a journal beside it keeps what is done until then.
        count: How many dialogues to play. Those that are rejected or fail are among them.
        language: ``zh`` or ``en``; without one they take turns.
        profiles: ``generated``, ``seeds``, a number of different ones to generate, a file, or profiles.
        quarantine: A file for bad rows of a file of profiles. Without it the first one is an error.
        topics: Ids or names of topics; all unless given.
        industries: The same of industries.
        difficulties: The same of difficulties.
        scenes: A file with topics and industries of one's own.
        events: The share of dialogues in which something happens, such as a transfer.
        taxonomy: Stages and strategies; COPC unless given.
        lm: The language model of all roles, and of the judge.
        roles: Specs of language models for single roles. ``SPEC@URL`` is one with a server of its own.
        compiled: A folder with compiled roles, such as ``supporter.json``.
        fast: One call a side instead of two.
        judge: Whether a judge reads every dialogue; by default wherever the language model can judge.
        judge_lm: The judge's language model, if another.
        threshold: How many of the judge's five criteria have to be met.
        balance: Favour rare strategies: those that ``against`` has too few of, else those known to be rare.
        against: Corpora that nothing may nearly repeat. The report compares with the first.
        max_turns: Most utterances in a dialogue.
        seed: Of everything random.
        resume: Go on with an interrupted run, or try failed dialogues again.
        cluster: A Ray cluster to play on, instead of in this process.
        concurrency: How many dialogues are played at a time.
        budget: What it may cost.
        **lm_options: More for `csc_dspy.lm.connect`: ``api_base``, ``temperature``, ``cache``, …
    """
    from csc_dspy.roleplay.models import Models
    from csc_dspy.taxonomy import load_taxonomy

    require_apart(quarantine, out)
    standard = taxonomy or load_taxonomy()
    known = (against,) if isinstance(against, str) else tuple(against)
    models = Models(
        lm=lm,
        roles=roles or {},
        judge=judge_lm,
        options={"concurrency": concurrency, **lm_options},
    )
    made = synthesis(
        plan=plan_of(
            count=count,
            language=language,
            profiles=profiles,
            quarantine=quarantine,
            topics=topics,
            industries=industries,
            difficulties=difficulties,
            scenes=scenes,
            events=events,
            taxonomy=standard,
            balance=balance,
            against=known,
            seed=seed,
        ),
        taxonomy=standard,
        models=models,
        compiled=compiled,
        fast=fast,
        judge=judge,
        threshold=threshold,
        against=known,
        max_turns=max_turns,
        cluster=cluster,
    )
    return made.carry_out(Path(out), concurrency=concurrency, budget=budget, resume=resume)


def synthesis(  # noqa: PLR0913  the options, each by its name
    *,
    plan: Plan,
    taxonomy: Taxonomy,
    models: Models,
    compiled: str | os.PathLike[str] | None,
    fast: bool,
    judge: bool | None,
    threshold: int,
    against: tuple[str, ...],
    max_turns: int,
    cluster: Cluster | None,
) -> Synthesis:
    """All that is to be done; see `roleplay`."""
    from csc_dspy.roleplay.rules import Rules
    from csc_dspy.roleplay.synthesis import Synthesis

    return Synthesis(
        plan=plan,
        rules=Rules(taxonomy, min(_FEWEST_TURNS, max_turns), max_turns),
        models=models,
        fast=fast,
        states=read_states(Path(compiled)) if compiled else {},
        judge=models.can_judge if judge is None else judge,
        threshold=threshold,
        references=against,
        cluster=cluster,
    )


def plan_of(  # noqa: PLR0913  the options, each by its name
    *,
    count: int,
    language: Language | None,
    profiles: str | Iterable[Profile],
    quarantine: str | os.PathLike[str] | None = None,
    set_aside: Callable[[int], None] = lambda _: None,
    topics: Iterable[str],
    industries: Iterable[str],
    difficulties: Iterable[str],
    scenes: str | os.PathLike[str] | None,
    events: float,
    taxonomy: Taxonomy,
    balance: bool,
    against: tuple[str, ...],
    seed: int,
) -> Plan:
    """Which dialogues are to be played; see `roleplay`. ``set_aside`` hears how many rows are bad."""
    from csc_dspy.roleplay import topics as known
    from csc_dspy.roleplay.planning import Plan

    return Plan(
        count=count,
        language=language,
        **_profiles(profiles, quarantine, set_aside),
        topics=known.topics(topics, file=scenes),
        industries=known.industries(industries, file=scenes),
        difficulties=known.difficulties(difficulties),
        events=events,
        favour=_favour(taxonomy, against) if balance else None,
        taxonomy=taxonomy.id,
        seed=seed,
    )


def read_states(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Compiled roles by name, from a folder with one file each; ConfigError if there are none, or others."""
    import json

    from csc_dspy.roleplay import roles as room

    names = {each.name for each in vars(room).values() if isinstance(each, type) and hasattr(each, "name")}
    found = {path.stem: path for path in sorted(folder.glob("*.json"))}
    if not found or found.keys() - names:
        problem = f"has no role {min(found.keys() - names)!r}" if found else "holds no compiled roles"
        remedy = f"its files are called {', '.join(f'{name}.json' for name in sorted(names))}"
        raise ConfigError(problem, where=str(folder), remedy=remedy)
    try:
        return {name: json.loads(path.read_bytes()) for name, path in found.items()}
    except ValueError as error:
        raise ConfigError("holds a file that is not JSON", where=str(folder)) from error


def require_apart(quarantine: str | os.PathLike[str] | None, out: str | os.PathLike[str] | None) -> None:
    """OutputError if bad rows would get into the folder of the role play, which is replaced in whole."""
    if quarantine is None or out is None:
        return
    if Path(quarantine).resolve().is_relative_to(Path(out).resolve()):
        raise OutputError(
            "lies in the folder of the role play", where=str(quarantine), remedy="put it elsewhere"
        )


def _profiles(
    source: str | Iterable[Profile],
    quarantine: str | os.PathLike[str] | None,
    set_aside: Callable[[int], None],
) -> dict[str, Any]:
    """What a plan takes of where the profiles come from."""
    if not isinstance(source, str):
        return {"profiles": tuple(source)}
    if source in {"generated", "seeds"}:
        return {"profiles": source}
    if source.isdecimal():
        return {"pool": int(source)}
    from csc_dspy.roleplay.profiles import read_profiles

    return {"profiles": read_profiles(source, quarantine=quarantine, set_aside=set_aside)}


def _favour(taxonomy: Taxonomy, against: tuple[str, ...]) -> Mapping[str, float]:
    from csc_dspy.data import read
    from csc_dspy.roleplay.planning import rare_strategies

    return rare_strategies(taxonomy, chain.from_iterable(map(read, against)) if against else None)
