"""The options of ``csc-dspy rewrite`` about rewriting itself, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from csc_dspy.cli import options
from csc_dspy.cli.parameters import WholeNumber

if TYPE_CHECKING:
    from csc_dspy.rewriting import Construction
    from csc_dspy.rewriting.parting import Parting

_PAPER: Final = "auto"
_NONE: Final = "none"


def construction() -> options.Decorator:
    """Every option of rewriting, each by its name."""

    def decorate(function: Any) -> Any:  # noqa: ANN401  what click makes of functions
        for each in reversed(_options()):
            function = each(function)
        return function

    return decorate


def chosen_construction(chosen: dict[str, Any], lm: str) -> Construction:
    """What the options say."""
    from csc_dspy.rewriting import Construction, Finish
    from csc_dspy.taxonomy import load_taxonomy

    return Construction(
        lm=lm,
        taxonomy=load_taxonomy(chosen["taxonomy"] or "copc"),
        language=chosen["language"],
        screen=chosen["screening"],
        finish=Finish(
            fewest_utterances=chosen["fewest_utterances"],
            most_utterances=chosen["most_utterances"],
            required_strategies=_required(chosen["required_strategies"]),
        ),
        judge=chosen["judging"],
        stages=chosen["stages"],
        history_tokens=chosen["history_tokens"],
        parting=_parting(chosen),
    )


def _required(text: str) -> tuple[str, ...] | None:
    if text == _PAPER:
        return None
    return () if text == _NONE else tuple(each.strip() for each in text.split(","))


def _parting(chosen: dict[str, Any]) -> Parting | None:
    from csc_dspy.data.split_parts import parse_parts
    from csc_dspy.rewriting.parting import Parting

    return Parting(parse_parts(chosen["parts"]), chosen["seed"]) if chosen["parts"] else None


def _options() -> list[options.Decorator]:
    return [
        options.option(
            "--screening/--no-screening",
            default=True,
            help="Whether calls with abuse or an impatient or indifferent supporter are dropped first.",
        ),
        options.option(
            "--fewest-utterances",
            type=WholeNumber(min=1),
            default=10,
            show_default=True,
            help="Turns that a rewritten dialogue needs.",
        ),
        options.option(
            "--most-utterances",
            type=WholeNumber(min=1),
            default=50,
            show_default=True,
            help="Turns that a rewritten dialogue may have.",
        ),
        options.option(
            "--required-strategies",
            metavar="LABEL,…",
            default=_PAPER,
            show_default="1,2,11 in COPC",
            help="Strategies that must occur when rewritten; none asks for nothing.",
        ),
        options.judging(default=True),
        options.option(
            "--stages",
            type=options.choice("rule", "tracker"),
            default="rule",
            show_default=True,
            help="Where stages come from: the strategies by rule, or the program stage-tracker.",
        ),
        # The words of csc-dspy data split, of which it is the option.
        options.option("--parts", help="Fractions that sum to 1, or to 100."),
        options.seed(),
    ]
