"""A loaded model that writes answers, several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from csc_dspy.huggingface.libraries import best_device
from csc_dspy.lm.local.checkpoints import Checkpoint
from csc_dspy.lm.local.steering import Steering
from csc_dspy.lm.local.wishes import Wish, Written

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from csc_dspy.lm.local.chat import Chat

_USUAL_LENGTH: Final = 4_096


class Writer:
    """Writes with one model; to be used by one thread at a time."""

    def __init__(self, checkpoint: Checkpoint, chat: Chat) -> None:
        from csc_dspy.lm.local.loading import best_dtype, load_model

        self.chat = chat
        self._device = best_device()
        self._model = load_model(checkpoint, best_dtype(self._device), self._device)
        self._ends = chat.ends | _ends_of(self._model)
        self._model.generation_config = self._settings()
        self.longest = longest(checkpoint)

    def write(self, wishes: Sequence[Wish], is_over: Callable[[], bool] = lambda: False) -> list[Written]:
        """The answers to prompts, in this order; cut off where they are when ``is_over``.

        Where memory does not suffice for all at once they are written in two halves.
        """
        import torch

        try:
            with torch.inference_mode():
                return self._written(wishes, is_over)
        except torch.OutOfMemoryError:
            if len(wishes) == 1:
                raise
        torch.cuda.empty_cache()
        half = len(wishes) // 2
        return [*self.write(wishes[:half], is_over), *self.write(wishes[half:], is_over)]

    def _written(self, wishes: Sequence[Wish], is_over: Callable[[], bool]) -> list[Written]:
        from transformers import LogitsProcessorList, StoppingCriteriaList

        steering = Steering(wishes, self.chat.tokenizer, self._ends, is_over)
        prompts, seen = self._padded([wish.prompt for wish in wishes])
        self._model.generate(
            prompts,
            attention_mask=seen,
            max_new_tokens=max(wish.most for wish in wishes),
            logits_processor=LogitsProcessorList([steering.choose]),
            stopping_criteria=StoppingCriteriaList([steering.is_done]),
        )
        return steering.finished()

    def _padded(self, prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Prompts of one length, with nothing to see on the left."""
        import torch

        length = max(map(len, prompts))
        padding = self.chat.tokenizer.pad_token_id
        tokens = [[padding] * (length - len(prompt)) + [*prompt] for prompt in prompts]
        seen = [[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        return torch.tensor(tokens, device=self._device), torch.tensor(seen, device=self._device)

    def _settings(self) -> object:
        """None of the settings that models come with: what is not asked for is not done."""
        from transformers import GenerationConfig

        return GenerationConfig(
            do_sample=False,
            pad_token_id=self.chat.tokenizer.pad_token_id,
            eos_token_id=sorted(self._ends),
        )


def longest(checkpoint: Checkpoint) -> int:
    """How many tokens a model reads and writes at most."""
    config = checkpoint.config
    inner = config.get("text_config")
    told = config.get("max_position_embeddings") or (inner or {}).get("max_position_embeddings")
    return int(told or _USUAL_LENGTH)


def _ends_of(model: PreTrainedModel) -> frozenset[int]:
    told = model.generation_config.eos_token_id if model.generation_config else None
    return frozenset([told] if isinstance(told, int) else told or [])
