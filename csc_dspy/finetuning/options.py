"""What can be chosen for an export, and what does not go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning.balancing import Balance, parse_balance
from csc_dspy.finetuning.pairs import Pairs
from csc_dspy.finetuning.streaming import Source
from csc_dspy.finetuning.tasks import WRITING, Mixture, parse_mixture

Leaks = Literal["refuse", "drop"]
Role = Literal["answers", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How rows are made and which are taken."""

    mixture: Mixture | None = None
    """The tasks; all that the program asks for if not given."""
    source: Source = "gold"
    """Where answers come from: the dialogues, or the program that asks."""
    pairs: Pairs | None = None
    """Where rejected answers come from, for training on preferences."""
    demonstrations: bool = True
    """Whether rows show those of the program."""
    balance: Balance = field(default_factory=Balance)
    validation: float = 0.0
    """The share of the dialogues that goes to a part of its own."""
    keep_duplicates: bool = False
    """Whether the same question with the same answer counts as often as it is there."""
    most_tokens: int | None = None
    """Longer rows are left out."""
    tokenizer: str | None = None
    leaks: Leaks = "refuse"
    """What becomes of evaluation dialogues."""
    limit: int | None = None
    """Only so many dialogues, the first ones."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("source", self.source, get_args(Source)),
            ("pairs", self.pairs, (None, *get_args(Pairs))),
            ("leaks", self.leaks, get_args(Leaks)),
        ):
            if value not in known:
                words = " or ".join(each for each in known if each)
                raise ConfigError(f"is {value!r}", where=f"--{name}", remedy=f"it is {words}")
        if self.pairs == "program" and self.source == "traces":
            raise ConfigError(
                "--pairs program holds a program against the gold response, so it needs --source gold"
            )
        if self.pairs and self.mixture and not WRITING.issuperset(self.mixture.tasks):
            raise ConfigError(
                "pairs are of responses, and not all of the tasks write any",
                where="--task",
                remedy=f"with --pairs it is {' or '.join(sorted(WRITING))}",
            )

    @classmethod
    def written(
        cls,
        *,
        task: str | None = None,
        balance: str = "none",
        **others: Any,  # noqa: ANN401  fields, each with its own type
    ) -> Choices:
        """Choices as people write them: ``strategy=2,response=1`` for tasks, ``cap:500`` for the balance."""
        mixture = parse_mixture(task) if task else None
        return cls(mixture=mixture, balance=parse_balance(balance), **others)

    @property
    def asks(self) -> Role | None:
        """What a program is asked for while rows are made, if one is."""
        if self.source == "traces":
            return "answers"
        return "rejected" if self.pairs == "program" else None

    @property
    def draws(self) -> bool:
        """Whether rows have to be counted before it is clear which are taken."""
        return self.balance.kind != "none" or bool(self.mixture and self.mixture.shares)

    def to_dict(self) -> Mapping[str, Any]:
        """What is not as usual, by the names of the command line's options."""
        given = {
            "task": str(self.mixture) if self.mixture else None,
            "source": None if self.source == "gold" else self.source,
            "pairs": self.pairs,
            "demonstrations": None if self.demonstrations else False,
            "balance": None if self.balance.kind == "none" else str(self.balance),
            "validation": self.validation or None,
            "keep-duplicates": self.keep_duplicates or None,
            "max-tokens-row": self.most_tokens,
            "leaks": None if self.leaks == "refuse" else self.leaks,
            "limit": self.limit,
            "seed": self.seed,
        }
        return {name: value for name, value in given.items() if value is not None}
