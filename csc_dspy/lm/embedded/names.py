"""Names of stages and strategies without their language: what is learned in one helps in the other."""

from __future__ import annotations

from functools import lru_cache

from csc_dspy.taxonomy import BUILT_IN, load_taxonomy


def canonical(name: str) -> str:
    """The English name of a member of a built-in taxonomy, whatever its language; else the name itself."""
    return _english_names().get(name, name)


@lru_cache(maxsize=1)
def _english_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for taxonomy in map(load_taxonomy, BUILT_IN):
        for name in (
            *(stage.name for stage in taxonomy.stages),
            *(strategy.name for strategy in taxonomy.strategies),
        ):
            names.setdefault(name.zh, name.en)
    return names
