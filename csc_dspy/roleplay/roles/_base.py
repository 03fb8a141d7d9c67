"""What all roles share: one question, asked of the role's own language model if it has one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Final

import dspy

from csc_dspy.exceptions import AnswerError, ArtifactError
from csc_dspy.lm.predicting import afill_in
from csc_dspy.roleplay._base import Role
from csc_dspy.taxonomy import Language, Taxonomy

_ATTEMPTS: Final = 3
"""Each of them asks for an unreadable answer once more by itself."""


class RoleModule(dspy.Module):
    """A role of the play as a DSPy module, to be compiled like any other.

    It holds no language model, and uses that of ``dspy.context``, unless it is given one with ``set_lm``.
    """

    role: ClassVar[Role]
    name: ClassVar[str]
    """What its compiled state is called on disk."""

    def __init__(self, taxonomy: Taxonomy, language: Language) -> None:
        super().__init__()
        self.language = language
        self.act = dspy.Predict(self.signature(taxonomy, language))

    @staticmethod
    @abstractmethod
    def signature(taxonomy: Taxonomy, language: Language) -> type[dspy.Signature]:
        """What is asked."""

    def forward(self, **inputs: str) -> dspy.Prediction:
        """The outputs of the role's signature."""
        return self.act(**inputs)

    async def aforward(self, **inputs: str) -> dspy.Prediction:
        """`forward`, asynchronously."""
        return await self.act.acall(**inputs)

    async def ask(self, inputs: Mapping[str, str], rollout: str) -> Mapping[str, Any]:
        """The outputs, by the shortest way to the language model; AnswerError if they stay unreadable.

        ``rollout`` is the dialogue's own: it becomes the seed of every call, so that identical questions of
        different dialogues are different calls, for the server as for the cache. Only the last attempt has
        another seed: what a passing fault has spoilt is to come out as it would have without it.
        """
        for _ in range(_ATTEMPTS - 1):
            with suppress(AnswerError):
                return await self._asked(inputs, rollout)
        return await self._asked(inputs, f"{rollout}/last")

    async def _asked(self, inputs: Mapping[str, str], rollout: str) -> Mapping[str, Any]:
        return await afill_in(self.act, inputs, {"config": {"rollout_id": rollout}})


def load(role: RoleModule, state: Mapping[str, Any]) -> None:
    """Give a role what an optimizer has found, as ``save`` writes it; ArtifactError if that is of another."""
    known = {**role.act.signature.fields, **dict.fromkeys(("augmented", "reasoning", "dspy_uuid"))}
    try:
        demos = state["act"]["demos"]
        strange = {name for demo in demos for name in demo if name not in known}
        if not strange:
            role.load_state({key: value for key, value in state.items() if key != "metadata"})
            return
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        # Whatever is there, it was not saved from this role.
        strange = set()
    raise ArtifactError(
        f"does not fit the role {role.name}", remedy='save it with that role\'s own `save("….json")`'
    )
