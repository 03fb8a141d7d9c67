"""The options of ``csc-dspy roleplay``, and what they come to."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from csc_dspy.cli import options
from csc_dspy.cli.parameters import WholeNumber
from csc_dspy.cli.streams import say
from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.roleplay import Models, Plan, Role, Synthesis
    from csc_dspy.roleplay.spreading import Cluster
    from csc_dspy.taxonomy import Taxonomy

_FAVOUR: Final = "favour"
_RAY: Final = "ray"
_BETWEEN: Final = re.compile(r"[,，、]")
# Those of `csc_dspy.roleplay.ROLES`, which would load more than a help page needs.
_ROLES: Final = {
    "planner": "thinks up the scenes",
    "supporter_assistant": "chooses the strategies",
    "supporter": "speaks for the supporter",
    "customer_assistant": "directs the customer",
    "customer": "speaks for the customer",
}


def role_play() -> options.Decorator:
    """Every option of a role play, each by its name."""

    def decorate(function: Any) -> Any:  # noqa: ANN401  what click makes of functions
        for each in reversed([*_scenes(), *_play(), *_quality(), *_models(), *_engine()]):
            function = each(function)
        return function

    return decorate


def chosen_synthesis(chosen: dict[str, Any], connection: Connection) -> Synthesis:
    """All that is to be done."""
    from csc_dspy.roleplay.making import synthesis
    from csc_dspy.taxonomy import load_taxonomy

    taxonomy = load_taxonomy(chosen["taxonomy"] or "copc")
    return synthesis(
        plan=_plan(chosen, taxonomy),
        taxonomy=taxonomy,
        models=chosen_models(chosen, connection),
        compiled=chosen["compiled"],
        fast=chosen["fast"],
        judge=chosen["judging"],
        threshold=chosen["criteria"],
        against=chosen["against"],
        max_turns=chosen["max_turns"],
        cluster=_cluster(chosen),
    )


def chosen_models(chosen: dict[str, Any], connection: Connection) -> Models:
    """Who plays and who judges."""
    from csc_dspy.roleplay import Models

    roles = {cast("Role", role): chosen[f"{role}_lm"] for role in _ROLES if chosen[f"{role}_lm"]}
    return Models(lm=connection.lm, roles=roles, judge=chosen["judge_lm"], options=connection.options)


def tell_what_is_set_aside(quarantine: Path, rows: int) -> None:
    """Say on stderr how many rows of a file of profiles were bad."""
    say(f"{rows} bad rows are set aside in {quarantine}")


def _plan(chosen: dict[str, Any], taxonomy: Taxonomy) -> Plan:
    from csc_dspy.roleplay.making import plan_of

    return plan_of(
        count=chosen["count"],
        language=chosen["language"],
        profiles=chosen["profiles"],
        quarantine=chosen["quarantine"],
        set_aside=partial(tell_what_is_set_aside, chosen["quarantine"]),
        topics=_names(chosen["topics"]),
        industries=_names(chosen["industries"]),
        difficulties=_names(chosen["difficulty"]),
        scenes=chosen["scenes"],
        events=chosen["events"],
        taxonomy=taxonomy,
        balance=_favours(chosen["balance"]),
        against=chosen["against"],
        seed=chosen["seed"],
    )


def _favours(balance: str) -> bool:
    """Whether rare strategies are favoured: what is yet to be made can be balanced in no other way."""
    if balance not in {"none", _FAVOUR}:
        raise ConfigError(
            f"{balance!r} is nothing that a role play can do",
            where="--balance",
            remedy="give none or favour; csc-dspy export balances a corpus that is there",
        )
    return balance == _FAVOUR


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in _BETWEEN.split(text or "") if name.strip()]


def _cluster(chosen: dict[str, Any]) -> Cluster | None:
    address, workers = chosen["ray_address"], chosen["ray_workers"]
    if chosen["engine"] == _RAY:
        from csc_dspy.roleplay.spreading import Cluster

        return Cluster(address=address, workers=workers)
    if address is not None or workers is not None:
        given = "--ray-workers" if address is None else "--ray-address"
        raise ConfigError("is for --engine ray", where=given, remedy="say --engine ray, or leave it out")
    return None


def _scenes() -> list[options.Decorator]:
    return [
        options.count(default=100),
        options.option(
            "--profiles",
            metavar="FILE_OR_N",
            default="generated",
            show_default=True,
            help="Customers: a file of your own, seeds for those written by hand, or how many to generate.",
        ),
        options.quarantine(),
        options.option("--topics", metavar="NAME,…", help="Topics by id or name; all unless given."),
        options.option("--industries", metavar="NAME,…", help="Industries by id or name; all unless given."),
        options.option("--difficulty", metavar="NAME,…", help="Any of easy, medium, hard; all unless given."),
        options.option(
            "--scenes",
            type=click.Path(dir_okay=False),
            metavar="FILE",
            help="A TOML file with topics and industries of your own.",
        ),
        options.option(
            "--events",
            type=click.FloatRange(0, 1),
            default=0.2,
            show_default=True,
            help="Share of dialogues with an event, such as a transfer or an outage.",
        ),
        options.balance(alone=_FAVOUR),
    ]


def _play() -> list[options.Decorator]:
    return [
        options.option("--fast", is_flag=True, help="One call a side, assistant and speaker in one."),
        options.option(
            "--max-turns",
            type=WholeNumber(min=3),
            default=50,
            show_default=True,
            help="Most utterances of a dialogue; the supporter's last one takes leave.",
        ),
    ]


def _quality() -> list[options.Decorator]:
    return [
        options.judging("--judge/--no-judge", default=None),
        options.option(
            "--criteria",
            type=click.IntRange(0, 5),
            default=5,
            show_default=True,
            help="How many of the judge's five criteria have to be met.",
        ),
        options.against(),
    ]


def _models() -> list[options.Decorator]:
    played = [
        options.option(
            f"--{role.replace('_', '-')}-lm", metavar="SPEC", help=f"Language model that {does}, if another."
        )
        for role, does in _ROLES.items()
    ]
    judge = options.option("--judge-lm", metavar="SPEC", help="Language model that judges, if another.")
    compiled = options.option(
        "--compiled",
        type=click.Path(file_okay=False),
        metavar="DIR",
        help="Folder with compiled roles, such as supporter.json.",
    )
    return [*played, judge, compiled]


def _engine() -> list[options.Decorator]:
    return [
        options.option(
            "--engine",
            type=options.choice("local", _RAY),
            default="local",
            show_default=True,
            help="Where it is played: in this process, or by workers on a Ray cluster.",
        ),
        options.option(
            "--ray-address",
            metavar="ADDRESS",
            help="The cluster: HOST:PORT, auto, or local for one that ends with the run; else RAY_ADDRESS.",
        ),
        options.option(
            "--ray-workers",
            type=WholeNumber(min=1),
            help="Processes that play; as many as are needed unless given.",
        ),
    ]
