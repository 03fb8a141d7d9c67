"""`Turn` and `Conversation`, in the schema of the published dataset.

Whatever spelling comes in (客服 or agent, ``策略5: 情感管理`` or ``EM``), a turn holds a speaker and members
of one taxonomy; going out it is always the published spelling. Keys that the schema does not know are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from csc_dspy.conversations.language import detect_language, parse_language
from csc_dspy.conversations.speakers import Speaker, known_speakers, parse_speaker, speaker_name
from csc_dspy.conversations.stages import derive_stages
from csc_dspy.exceptions import LabelError
from csc_dspy.taxonomy import BUILT_IN, DEFAULT, Language, Stage, Strategy, Taxonomy, load_taxonomy

# The taxonomy of the conversation being validated, for the turns inside it.
_current: ContextVar[Taxonomy | None] = ContextVar("taxonomy", default=None)

_Member = TypeVar("_Member", Stage, Strategy)


def _taxonomy_in_force(info: ValidationInfo) -> Taxonomy:
    return _current.get() or info.context or load_taxonomy()


def _invalid(problem: str, remedy: str) -> PydanticCustomError:
    """A validation error that carries its remedy to whoever reports it."""
    return PydanticCustomError("csc", "{problem}", {"problem": problem, "remedy": remedy})


def _speaker(value: object) -> Speaker:
    speaker = parse_speaker(value)
    if speaker is None:
        shown = repr(value)[:60]
        raise _invalid(f"unknown speaker {shown}", f"known speakers: {known_speakers()}")
    return speaker


def _strategy(value: object, info: ValidationInfo) -> Strategy | None:
    if isinstance(value, Strategy):
        return value
    return _member(value, "strategy", lambda label: _taxonomy_in_force(info).strategy(label))


def _stage(value: object, info: ValidationInfo) -> Stage | None:
    if isinstance(value, Stage):
        return value
    return _member(value, "stage", lambda label: _taxonomy_in_force(info).stage(label))


def _member(value: object, kind: str, find: Callable[[str | int], _Member]) -> _Member | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise _invalid(f"a {kind} is text, not {type(value).__name__}", f"give one {kind} by name or number")
    try:
        return find(value)
    except LabelError as error:
        raise _invalid(error.problem, error.remedy or f"give one {kind}") from error


def _language(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value:
        return None
    language = parse_language(value)
    if language is None:
        raise _invalid(f"unknown language {value[:60]!r}", "zh or en, or leave it out")
    return language


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Spoken = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]


class Turn(BaseModel):
    """One utterance. Only the supporter's turns carry a strategy and a stage."""

    model_config = ConfigDict(frozen=True, extra="allow")

    speaker: Annotated[Speaker, PlainValidator(_speaker)]
    text: _Spoken
    strategy: Annotated[Strategy | None, PlainValidator(_strategy)] = None
    stage: Annotated[Stage | None, PlainValidator(_stage)] = None

    @model_validator(mode="after")
    def _customers_follow_no_strategy(self) -> Turn:
        if self.speaker == "customer" and (self.strategy or self.stage):
            raise _invalid(
                "a customer's turn carries a strategy or stage", "only the supporter's turns carry them"
            )
        return self

    def row(self) -> dict[str, Any]:
        """This turn as the published dataset writes it."""
        row: dict[str, Any] = {
            "speaker": speaker_name(self.speaker, "zh"),
            "strategy": self.strategy.label if self.strategy else "",
        }
        if self.stage:
            row["stage"] = self.stage.id
        row["text"] = self.text
        return row | (self.model_extra or {})

    @model_serializer
    def _serialize(self) -> dict[str, Any]:
        return self.row()


class Conversation(BaseModel):
    """Turns in order, and what is known about them. Labels belong to ``taxonomy``.

    ``Conversation.model_validate(row, context=taxonomy)`` reads a row under another taxonomy than COPC.
    """

    model_config = ConfigDict(frozen=True, extra="allow", arbitrary_types_allowed=True)

    dialogue: tuple[Turn, ...]
    id: Annotated[str | None, BeforeValidator(_text)] = None
    source: str | None = None
    language: Annotated[Language | None, BeforeValidator(_language)] = None
    topic: str | None = None
    scenario: str | None = None
    customer_goal: str | None = None
    profile: dict[str, Any] | str | None = None
    taxonomy: Taxonomy = Field(default_factory=load_taxonomy)

    @model_validator(mode="wrap")
    @classmethod
    def _under_one_taxonomy(
        cls, data: object, handler: ModelWrapValidatorHandler[Conversation], info: ValidationInfo
    ) -> Conversation:
        if not isinstance(data, Mapping):
            return handler(data)
        taxonomy = _taxonomy_of(data.get("taxonomy"), info.context)
        token = _current.set(taxonomy)
        try:
            conversation = handler({**data, "taxonomy": taxonomy})
        finally:
            _current.reset(token)
        if any(turn.strategy and turn.strategy.taxonomy != taxonomy.id for turn in conversation.dialogue):
            raise _invalid(
                f"a turn is labelled by another taxonomy than {taxonomy.id!r}", "use one taxonomy throughout"
            )
        return conversation

    @property
    def spoken_language(self) -> Language:
        """The language given, or else the one its text is in."""
        return self.language or detect_language(" ".join(turn.text for turn in self.dialogue))

    @property
    def content_hash(self) -> str:
        """A hash of who said what. Labels and other fields do not change it."""
        spoken = "".join(f"{turn.speaker}\0{turn.text}\0" for turn in self.dialogue)
        return hashlib.sha256(spoken.encode()).hexdigest()

    def __hash__(self) -> int:
        return hash((self.id, self.content_hash))

    def supporter_turns(self) -> Iterator[tuple[int, Turn]]:
        """The supporter's turns with their positions in the dialogue."""
        return ((i, turn) for i, turn in enumerate(self.dialogue) if turn.speaker == "supporter")

    def stages(self) -> tuple[Stage, ...]:
        """The stage of every turn, given or derived."""
        return derive_stages(self.dialogue, self.taxonomy)

    def with_stages(self) -> Conversation:
        """The same conversation with the stage of every supporter turn written down."""
        turns = [
            turn if turn.speaker == "customer" else turn.model_copy(update={"stage": stage})
            for turn, stage in zip(self.dialogue, self.stages(), strict=True)
        ]
        return self.with_turns(turns)

    def with_turns(self, turns: Sequence[Turn]) -> Conversation:
        """The same conversation with other turns."""
        return self.model_copy(update={"dialogue": tuple(turns)})

    def row(self) -> dict[str, Any]:
        """This conversation as the published dataset writes it, without what is unknown."""
        known = {
            "id": self.id,
            "source": self.source,
            "language": self.language,
            "topic": self.topic,
            "scenario": self.scenario,
            "customer_goal": self.customer_goal,
            "profile": self.profile,
            "taxonomy": self.taxonomy.id if self.taxonomy.id != DEFAULT else None,
        }
        row = {key: value for key, value in known.items() if value is not None}
        return row | (self.model_extra or {}) | {"dialogue": [turn.row() for turn in self.dialogue]}

    @model_serializer
    def _serialize(self) -> dict[str, Any]:
        return self.row()


def _taxonomy_of(named: object, given: Taxonomy | None) -> Taxonomy:
    """The taxonomy a row is labelled by: the one it names, which must be the one asked for, if any."""
    if isinstance(named, Taxonomy):
        return named
    if named in (None, ""):
        return given or load_taxonomy()
    if given is not None:
        if named == given.id:
            return given
        raise _invalid(
            f"labelled by the taxonomy {named!r}, not {given.id!r}", f"read it with taxonomy {named!r}"
        )
    # Only by name: a row of data must not choose which file is opened.
    if named not in BUILT_IN:
        raise _invalid(
            f"labelled by the taxonomy {str(named)[:60]!r}, which is not built in",
            "give its TOML file as the taxonomy",
        )
    return load_taxonomy(str(named))
