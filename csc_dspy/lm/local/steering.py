"""How each answer of a batch is written: by its own wish, whatever the others wish for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from csc_dspy.lm.local.wishes import Likely, Wish, Written

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

_TINY: Final = 1e-20


class Steering:
    """Chooses the tokens of a batch of answers and ends each; both a processor of scores and a criterion.

    The library takes the token with the highest score. Random answers get there by noise on their scores
    (Gumbel's), which chooses each token as often as its probability says, from a source of their own.
    """

    def __init__(
        self,
        wishes: Sequence[Wish],
        tokenizer: PreTrainedTokenizerBase,
        ends: frozenset[int],
        is_over: Callable[[], bool],
    ) -> None:
        self.written = [Written(read=len(wish.prompt)) for wish in wishes]
        self._wishes = wishes
        self._chances = [wish.chance() for wish in wishes]
        self._tokenizer = tokenizer
        self._ends = ends
        self._is_over = is_over
        self._done = [False] * len(wishes)

    def choose(self, _read: Tensor, scores: Tensor) -> Tensor:
        """The scores of the next tokens, with each answer's own temperature and chance."""
        chosen = scores.clone()
        for row, wish in enumerate(self._wishes):
            if self._done[row]:
                continue
            if (chance := self._chances[row]) is not None:
                warm = scores[row].float() / wish.temperature
                chosen[row] = _within(warm, wish.top_p) + _noise(warm, chance)
            if wish.likelihoods is not None:
                token = int(chosen[row].argmax())
                self.written[row].likely.append(_likely(scores[row], token, wish.likelihoods))
        return chosen

    def is_done(self, read: Tensor, _scores: Tensor) -> Tensor:
        """Which answers are complete."""
        import torch

        over = self._is_over()
        for row, token in enumerate(read[:, -1].tolist()):
            if not self._done[row]:
                self._done[row] = self._take(row, token) or over
        return torch.tensor(self._done, device=read.device)

    def _take(self, row: int, token: int) -> bool:
        """Add a token to an answer; whether it is complete with it."""
        wish, written = self._wishes[row], self.written[row]
        written.wrote += 1
        if token in self._ends:
            written.reason = "stop"
            del written.likely[len(written.tokens) :]
            return True
        written.tokens.append(token)
        written.text = self._tokenizer.decode(written.tokens, skip_special_tokens=True) if wish.stop else ""
        places = [place for text in wish.stop if (place := written.text.find(text)) >= 0]
        if places:
            written.text, written.reason = written.text[: min(places)], "stop"
        return bool(places) or written.wrote >= wish.most

    def finished(self) -> list[Written]:
        """What was written, with its text."""
        for wish, written in zip(self._wishes, self.written, strict=True):
            if not wish.stop:
                written.text = self._tokenizer.decode(written.tokens, skip_special_tokens=True)
        return self.written


def _noise(scores: Tensor, chance: object) -> Tensor:
    import torch

    # From the processor, so that the same seed gives the same answer on every device.
    drawn = torch.rand(len(scores), generator=chance).clamp_min(_TINY)
    noise: Tensor = -torch.log((-torch.log(drawn)).clamp_min(_TINY))
    return noise.to(scores.device)


def _within(scores: Tensor, share: float) -> Tensor:
    """Only the likeliest tokens that together have that share of the probability."""
    if share >= 1:
        return scores
    ordered, places = scores.softmax(-1).sort(descending=True)
    # The first one stays in any case, and so does the one that reaches the share.
    outside = places[ordered.cumsum(-1) - ordered >= share]
    return scores.index_fill(0, outside, float("-inf")) if share > 0 else _only(scores, places[:1])


def _only(scores: Tensor, place: Tensor) -> Tensor:
    import torch

    return torch.full_like(scores, float("-inf")).index_copy(0, place, scores[place])


def _likely(scores: Tensor, token: int, count: int) -> Likely:
    logs = scores.float().log_softmax(-1)
    top, places = logs.topk(min(count, len(logs)))
    return Likely(float(logs[token]), [*zip(places.tolist(), top.tolist(), strict=True)])
