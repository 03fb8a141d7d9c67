"""The language models of a role play: one for all, others for single roles, and the judge's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay._base import ROLES, Role

if TYPE_CHECKING:
    import dspy

    from csc_dspy.lm import Budget

LIVELY: Final = 0.8
"""The temperature of roles unless given: at 0 a language model says the same in every dialogue."""
_EMBEDDED: Final = "embedded"


@dataclass(frozen=True, kw_only=True)
class Models:
    """Which language model plays which role. A spec may end in ``@URL``, for a server of its own."""

    lm: str | dspy.LM = _EMBEDDED
    roles: Mapping[Role, str] = field(default_factory=dict)
    """Those that are played by another."""
    judge: str | None = None
    """The judge's, if another."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Those of `csc_dspy.lm.connect`, for all of them."""

    def __post_init__(self) -> None:
        strange = sorted(set(self.roles) - set(ROLES))
        if strange:
            raise ConfigError(f"there is no role {strange[0]!r}", remedy=f"roles are {', '.join(ROLES)}")
        retrieved = [role for role, spec in self.specs.items() if _is_embedded(spec)]
        if retrieved and len(retrieved) < len(ROLES):
            raise ConfigError(
                f"the embedded engine cannot play {', '.join(retrieved)} beside language models",
                where="--lm embedded",
                remedy="name a language model with --lm",
            )

    @cached_property
    def spec(self) -> str:
        """The one for all, as a spec."""
        return self.lm if isinstance(self.lm, str) else str(self.lm.model)

    @property
    def specs(self) -> dict[Role, str]:
        """The spec of every role's."""
        return {role: self.roles.get(role, self.spec) for role in ROLES}

    @property
    def names(self) -> dict[Role, str]:
        """What each role is played by, without addresses."""
        return {role: parted(spec)[0] for role, spec in self.specs.items()}

    @property
    def retrieved(self) -> bool:
        """Whether no language model plays, but the embedded engine."""
        return all(map(_is_embedded, self.specs.values()))

    @property
    def can_judge(self) -> bool:
        """Whether the judge's can read and give reasons."""
        return not _is_embedded(self.judge or self.spec)

    @property
    def identity(self) -> dict[str, Any]:
        """What answers depend on."""
        settings = ("api_base", "temperature", "max_tokens")
        return {
            "models": self.specs,
            "judge-lm": self.judge,
            **{f"lm {key}": self.options.get(key) for key in settings},
        }

    @contextmanager
    def open(self, budget: Budget | None = None) -> Iterator[dict[Role, dspy.LM]]:
        """The language models of all roles; that of the judge is in force. They are closed in the end."""
        from csc_dspy.lm import using

        with ExitStack() as opened:
            found = _Opened(self, budget, opened)
            lms = {} if self.retrieved else {role: found.lively(spec) for role, spec in self.specs.items()}
            with using(found.one(self.judge or self.spec)):
                yield lms


class _Opened:
    """Language models by spec, each connected once."""

    def __init__(self, models: Models, budget: Budget | None, stack: ExitStack) -> None:
        self._models = models
        self._options = {**models.options, "budget": budget} if budget else dict(models.options)
        self._stack = stack
        self._known: dict[str, dspy.LM] = {}
        if not isinstance(models.lm, str):
            self._known[models.spec] = models.lm

    def one(self, spec: str) -> dspy.LM:
        """The language model of a spec."""
        if spec not in self._known:
            from csc_dspy.lm import connect

            name, address = parted(spec)
            options = {**self._options, "api_base": address} if address else self._options
            self._known[spec] = connect(name, **options)
            self._stack.callback(self._known[spec].engine.close)
        return self._known[spec]

    def lively(self, spec: str) -> dspy.LM:
        """The same for a role, with some temperature where none is asked for and the model takes one."""
        lm = self.one(spec)
        given = self._options.get("temperature") is not None or lm is self._models.lm
        # Models that reason have none.
        return lm if given or lm.kwargs.get("temperature") != 0 else lm.copy(temperature=LIVELY)


def _is_embedded(spec: str) -> bool:
    return spec.partition("/")[0] == _EMBEDDED


def parted(spec: str) -> tuple[str, str | None]:
    """A spec and its address, if it has one."""
    name, found, rest = spec.partition("@http")
    return name, f"http{rest}" if found else None
