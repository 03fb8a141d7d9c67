"""What a compilation is going to do, and the most that it can take, before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dspy

    from csc_dspy.lm import Price
    from csc_dspy.programs import Program

    from ._base import Optimizer

Target = Literal["prompts", "finetune"]
"""What a program is compiled into."""

_TRIES: Final = 2
"""An answer that cannot be read is asked for once more."""
_DEV_PASSES: Final = 2
"""Besides those of the optimizer: the program as it was, and the one that comes out."""
_USUAL_DEMONSTRATIONS: Final = 32
"""The most in a prompt, where the optimizer does not say."""
_USUAL_ANSWER: Final = 1024
"""The most tokens of an answer, where nothing limits them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A compilation in figures. The bounds hold if the server answers every call."""

    program: str
    language: str
    optimizer: str
    parameters: Mapping[str, Any]
    metric: str
    lm: str
    helpers: Mapping[str, str]
    train: Mapping[str, Any]
    dev: Mapping[str, Any]
    most_calls: int
    most_tokens: int
    """Read and written; 0 where the embedded engine does it all."""
    most_usd: float | None
    """None where the price is not known. What fine-tuning costs is not in it."""
    target: Target = "prompts"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def __str__(self) -> str:
        money = "price not known" if self.most_usd is None else f"{self.most_usd:,.2f} USD"
        cost = "free" if self.most_tokens == 0 else f"{self.most_tokens:,} tokens, {money}"
        return (
            f"{self.program} in {self.language!r} by {self.optimizer} for {self.metric} on {self.lm}"
            f"{', fine-tuned before' if self.target == 'finetune' else ''}: "
            f"{_size(self.train)} to learn from, {_size(self.dev)} to choose by; "
            f"at most {self.most_calls:,} calls, {cost}"
        )


def most_calls(optimizer: Optimizer, program: Program, train: int, dev: int) -> int:
    """A bound on all calls."""
    return optimizer.most_calls(program, train, dev) + _DEV_PASSES * _TRIES * dev * len(program.predictors())


def most_tokens_of_a_call(
    program: Program, examples: Sequence[dspy.Example], optimizer: Optimizer, answer_tokens: int | None
) -> tuple[int, int]:
    """The most that one call can read and write: the longest question behind the longest demonstrations."""
    from csc_dspy.programs.history import estimated_tokens
    from csc_dspy.programs.teaching import lessons

    instructions = max(estimated_tokens(each.signature.instructions) for each in program.predictors())
    longest = max(
        (
            sum(map(estimated_tokens, [*lesson.inputs.values(), *lesson.outputs.values()]))
            for example in examples
            for lesson in lessons(program, example)
        ),
        default=0,
    )
    shown = getattr(optimizer, "most_demonstrations", _USUAL_DEMONSTRATIONS)
    # Twice, for an answer that cannot be read is sent back; the layout of fields takes less than that.
    return 2 * (2 * instructions + longest * (1 + shown)), answer_tokens or _USUAL_ANSWER


def most_usd(price: Price | None, calls: int, reading: int, writing: int) -> float | None:
    """What so many calls can cost; None if the price is not known."""
    return None if price is None else price.of(calls * reading, 0, calls * writing)


def _size(data: Mapping[str, Any]) -> str:
    return f"{data['dialogues']} dialogues ({data['turns']} turns) of {data['source']}"
