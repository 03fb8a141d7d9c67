"""Conversations as a model reads them: by its chat template. Training and answering render alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Message = Mapping[str, Any]
"""``role`` and ``content``."""


class Chat:
    """Renders conversations for one tokenizer. Safe under threads as far as the tokenizer is."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, where: str) -> None:
        self.tokenizer = tokenizer
        self._where = where
        self.ends = self._find_ends()
        """The tokens at which an answer ends."""

    def question(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a conversation that an answer is to follow."""
        return self._tokens(self._render(messages, asks=True))

    def answer(self, messages: Sequence[Message], answer: str) -> list[int]:
        """The tokens of an answer to a conversation, up to and with what ends it."""
        return self._tokens(self._answer_text(messages, answer))

    def _answer_text(self, messages: Sequence[Message], answer: str) -> str:
        asked = self._render(messages, asks=True)
        whole = self._render([*messages, {"role": "assistant", "content": answer}], asks=False)
        if not whole.startswith(asked):
            raise ConfigError(
                "its chat template does not put an answer behind the question that was asked",
                where=self._where,
                remedy="give another with --chat-template FILE",
            )
        return whole[len(asked) :]

    def _render(self, messages: Sequence[Message], *, asks: bool) -> str:
        from jinja2 import TemplateError

        try:
            # Templates of models that think can be told not to; others take no notice.
            return str(
                self.tokenizer.apply_chat_template(
                    [dict(message) for message in messages],
                    tokenize=False,
                    add_generation_prompt=asks,
                    enable_thinking=False,
                )
            )
        except (TemplateError, TypeError, ValueError) as error:
            first = str(error).strip().partition("\n")[0]
            raise ConfigError(
                f"its chat template fails: {first}",
                where=self._where,
                remedy="give another with --chat-template FILE",
            ) from error

    def _tokens(self, text: str) -> list[int]:
        # The template writes whatever special tokens there are to be.
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _find_ends(self) -> frozenset[int]:
        """The tokenizer's own end, and the special token that the template puts behind an answer."""
        written = "…"
        behind = self._answer_text([{"role": "user", "content": "?"}], written).partition(written)[2]
        special = [token for token in self._tokens(behind) if token in self.tokenizer.all_special_ids]
        own = self.tokenizer.eos_token_id
        return frozenset([*special[:1], *([] if own is None else [own])])
