"""DSPy's chat rendering, remembered.

The bytes are those of ``dspy.ChatAdapter``. What is the same in every call (the instructions and the
demonstrations) is rendered once, and text is taken as text instead of through a pydantic adapter per value.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import dspy

from csc_dspy.lm.remembered import Remembered

Message = dict[str, Any]


class MemoizingChatAdapter(dspy.ChatAdapter):
    """Renders as ``dspy.ChatAdapter`` does, byte for byte, but the constant part only once."""

    def __init__(self) -> None:
        super().__init__(use_json_adapter_fallback=False)
        self._systems: Remembered[str] = Remembered(256)
        self._requirements: Remembered[str] = Remembered(256)
        self._demonstrations: Remembered[list[Message]] = Remembered(256)

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        """The instructions and the layout of the answer."""
        return self._systems.get(
            signature, lambda: super(MemoizingChatAdapter, self).format_system_message(signature)
        )

    def user_message_output_requirements(self, signature: type[dspy.Signature]) -> str:
        """The reminder of the answer's layout."""
        return self._requirements.get(
            signature, lambda: super(MemoizingChatAdapter, self).user_message_output_requirements(signature)
        )

    def format_demos(self, signature: type[dspy.Signature], demos: list[dict[str, Any]]) -> list[Message]:
        """The demonstrations as messages."""
        key = demonstrations_key(signature, demos)
        if key is None:
            return super().format_demos(signature, demos)
        make = super().format_demos
        return self._demonstrations.get(key, lambda: make(signature, demos))

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,  # noqa: FBT001, FBT002  DSPy's signature
    ) -> str:
        """The input fields, and for the request itself the reminder."""
        if not all(type(inputs[name]) is str for name in signature.input_fields if name in inputs):
            return super().format_user_message_content(signature, inputs, prefix, suffix, main_request)
        parts = [prefix]
        parts += [f"[[ ## {name} ## ]]\n{inputs[name]}" for name in signature.input_fields if name in inputs]
        if main_request:
            parts.append(self.user_message_output_requirements(signature))
        parts.append(suffix)
        return "\n\n".join(parts).strip()


def demonstrations_key(
    signature: type[dspy.Signature], demos: Sequence[Mapping[str, Any]]
) -> Hashable | None:
    """What the rendering of demonstrations depends on, or None if it holds something unhashable."""
    key = (signature, tuple(tuple(demo.items()) for demo in demos))
    try:
        hash(key)
    except TypeError:
        return None
    return key
