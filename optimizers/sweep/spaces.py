"""The space of a sweep, as TOML says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from csc_dspy.exceptions import ConfigError

from .checked import Checked, Place, Tables
from .dimensions import dimension
from .names import DEFAULTS, SHOWN, WEIGHTS, kinds, optimizer_kinds
from .nearest import nearest
from .space import JOIN, UNCOMPILED, Choice, Dimension, Parameter, Space, links


def read_space(given: Checked) -> Space:
    """The parameters that a document names, and the defaults of all others."""
    table = given.table(("space",))
    plain = [name for name in DEFAULTS if "." not in name]
    given.only(("space",), table, (*plain, "shown", "weights", "optimizers"))
    known = kinds()
    found: dict[str, Dimension] = {name: Choice((default,)) for name, default in DEFAULTS.items()}
    for name, (path, value) in _named(given, table, plain):
        found[name] = dimension(given, path, known[name], value)
    found["optimizer"] = _chains(given, found["optimizer"])
    found |= _of_optimizers(given, found["optimizer"])
    return Space(tuple(Parameter(name, each, _default(given, name)) for name, each in found.items()))


def _default(given: Checked, name: str) -> Any:  # noqa: ANN401  a value of the parameter
    return given.tables.get("language") if name == "prompt-language" else DEFAULTS.get(name)


def _named(given: Checked, table: Tables, plain: list[str]) -> Iterator[tuple[str, tuple[Place, Any]]]:
    """Everything in the space but what is of optimizers, with where it is."""
    for name in plain:
        if name in table:
            yield name, (("space", name), table[name])
    for inner, known in (("shown", SHOWN), ("weights", WEIGHTS)):
        path = ("space", inner)
        within = given.table(path)
        given.only(path, within, known)
        for name, value in within.items():
            yield f"{inner}.{name}", ((*path, name), value)


def _chains(given: Checked, named: Dimension) -> Choice:
    """The chains of optimizers, and the uncompiled program beside them."""
    from ..prompts.registry import OPTIMIZERS

    for chain in named.ends:
        for link in links(str(chain)):
            if link not in OPTIMIZERS:
                problem = f"no optimizer is called {link!r}"
                given.refuse(("space", "optimizer"), problem, nearest(link, (UNCOMPILED, *OPTIMIZERS)))
    spelled = [JOIN.join(links(str(chain))) or UNCOMPILED for chain in named.ends]
    return Choice(tuple(dict.fromkeys((UNCOMPILED, *spelled))))


def _of_optimizers(given: Checked, chains: Dimension) -> dict[str, Dimension]:
    path = ("space", "optimizers")
    table = given.table(path)
    used = list(dict.fromkeys(link for chain in chains.ends for link in links(str(chain))))
    found: dict[str, Dimension] = {}
    for name in table:
        if name not in used:
            given.refuse((*path, name), f"{name!r} is in no chain of `optimizer`", nearest(name, used))
        found |= _of_optimizer(given, name, (*path, name))
    return found


def _of_optimizer(given: Checked, name: str, path: Place) -> dict[str, Dimension]:
    table, known = given.table(path), optimizer_kinds(name)
    given.only(path, table, tuple(known))
    found = {}
    for key, value in table.items():
        found[f"{name}.{key}"] = made = dimension(given, (*path, key), known[key], value)
        for end in made.ends:
            _try(given, (*path, key), name, end)
    return found


def _try(given: Checked, path: Place, name: str, value: Any) -> None:  # noqa: ANN401  any value
    """Let the optimizer itself say whether it takes a value."""
    from ..prompts.registry import optimizer

    try:
        optimizer(name, **{path[-1].replace("-", "_"): value})
    except ConfigError as error:
        given.refuse(path, error.problem, error.remedy)
