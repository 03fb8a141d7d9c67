"""Output fields that hold a label of the taxonomy, spelled in the prompt's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from csc_dspy.taxonomy import Language, Stage, Strategy, Taxonomy

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Labels:
    """What a label field may hold: the stages or strategies of a taxonomy, by their names in one language.

    It travels in the field's metadata, so it survives whatever an optimizer does to the signature.
    """

    kind: Literal["strategy", "stage"]
    taxonomy: Taxonomy
    language: Language

    @property
    def members(self) -> tuple[Stage, ...] | tuple[Strategy, ...]:
        """The stages or strategies to choose from, in order."""
        return self.taxonomy.strategies if self.kind == "strategy" else self.taxonomy.stages

    @property
    def names(self) -> tuple[str, ...]:
        """The allowed labels, in order."""
        return tuple(member.name[self.language] for member in self.members)

    def normalise(self, text: str) -> str:
        """The allowed label that ``text`` spells, in any accepted spelling; LabelError if none or several."""
        find = self.taxonomy.strategy if self.kind == "strategy" else self.taxonomy.stage
        return find(text).name[self.language]

    def named_in(self, text: str) -> tuple[str, ...]:
        """The allowed labels whose names, in either language, occur in a longer text."""
        find = self.taxonomy.strategies_named_in if self.kind == "strategy" else self.taxonomy.stages_named_in
        return tuple(member.name[self.language] for member in find(text))

    def annotation(self) -> Any:  # noqa: ANN401  there is no type of types like this one
        """The type of a field that holds one of these labels."""
        return Annotated[Literal.__getitem__(self.names), self]


def labels_of(field: FieldInfo) -> Labels | None:
    """The labels that an output field may hold, or None for a field of free text."""
    return next((each for each in field.metadata if isinstance(each, Labels)), None)
