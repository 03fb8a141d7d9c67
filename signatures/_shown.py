"""What a prompt shows of the taxonomy and of what is known about the turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from csc_dspy.taxonomy import Language, Localized, Stage, Strategy

_LINE: Final[dict[Language, str]] = {"en": "{number}. {name}: {text}", "zh": "{number}. {name}：{text}"}
_HOME: Final = Localized(en="Usual stage: {stage}.", zh="通常属于“{stage}”阶段。")
_NO_HOME: Final = Localized(en="Any stage.", zh="任何阶段都可能出现。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The parts of a prompt that can be left out."""

    definitions: bool = True
    """What each stage or strategy is."""
    distinctions: bool = True
    """What sets each strategy apart from its neighbours."""
    stage_so_far: bool = True
    """The stage that the conversation is in, as an input."""
    stage: bool = False
    """The stage of the coming turn, as an input."""
    hint: bool = False
    """How likely each strategy is after the strategies so far, as an input."""


DEFAULT: Final = Shown()


def stage_guide(stages: tuple[Stage, ...], language: Language, shown: Shown) -> str:
    """The stages as a numbered list."""
    return "\n".join(
        _line(stage.number, stage.name[language], [stage.definition[language]] * shown.definitions, language)
        for stage in stages
    )


def strategy_guide(strategies: tuple[Strategy, ...], language: Language, shown: Shown) -> str:
    """The strategies as a numbered list, each with its home stage."""
    return "\n".join(_strategy_line(strategy, language, shown) for strategy in strategies)


def _strategy_line(strategy: Strategy, language: Language, shown: Shown) -> str:
    home = (
        _HOME[language].format(stage=strategy.stage.name[language]) if strategy.stage else _NO_HOME[language]
    )
    texts = [
        *[strategy.definition[language]] * shown.definitions,
        *[strategy.distinction[language]] * shown.distinctions,
        home,
    ]
    return _line(strategy.number, strategy.name[language], texts, language)


def _line(number: int, name: str, texts: list[str], language: Language) -> str:
    separator = "" if language == "zh" else " "
    line = _LINE[language].format(number=number, name=name, text=separator.join(texts))
    return line.rstrip("：: ")
