"""Who chooses the parameters of the next trial."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Literal, get_args

from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import content_key

from .hushing import experimenting
from .space import Range

if TYPE_CHECKING:
    import optuna

    from .space import Space

Chosen = Literal["tpe", "gp", "nsga", "random"]
SamplerName = Literal["auto", "tpe", "gp", "nsga", "random"]
SAMPLERS: Final[tuple[SamplerName, ...]] = get_args(SamplerName)

_FEW_PARAMETERS: Final = 6
_GENERATIONS: Final = 6
"""So many generations are needed before the genetic algorithm is any better than chance."""
_POPULATION: Final = (8, 50)
_NEEDED: Final = ("torch", "scipy")
"""By the sampler with Gaussian processes."""
_SEEDS: Final = 2**31


def chosen(wanted: SamplerName, space: Space, objectives: int, trials: int) -> Chosen:
    """The sampler for a space and objectives, where none is asked for by its name.

    Gaussian processes for a few numbers alone, a genetic algorithm for several objectives where there are
    trials enough for its generations, and tree-structured Parzen estimators for everything else.
    """
    if wanted != "auto":
        return wanted
    if objectives > 1:
        return "nsga" if trials >= _POPULATION[0] * _GENERATIONS * 2 and not space.conditional else "tpe"
    # With a single chain, the optimizer is searched for only because the baseline has none.
    free = [each for each in space.free if each.name != "optimizer" or len(each.dimension.ends) > 2]
    few = 0 < len(free) <= _FEW_PARAMETERS and all(isinstance(each.dimension, Range) for each in free)
    return "gp" if few and not space.conditional and all(map(find_spec, _NEEDED)) else "tpe"


def sampler(name: Chosen, seed: int, trials: int) -> optuna.samplers.BaseSampler:
    """A sampler of that name; ConfigError if what it needs is not installed."""
    import optuna

    with experimenting():
        if name == "random":
            return optuna.samplers.RandomSampler(seed=seed)
        if name == "nsga":
            size = min(max(trials // _GENERATIONS, _POPULATION[0]), _POPULATION[1])
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=size)
        if name == "gp":
            _require_installed()
            return optuna.samplers.GPSampler(seed=seed)
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def seed_of(*parts: object) -> int:
    """A seed for what the parts describe."""
    return int(content_key(*parts), 16) % _SEEDS


def _require_installed() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"needs {' and '.join(missing)}",
            where="sampler gp",
            remedy=f"pip install {' '.join(missing)}, or take tpe",
        )
