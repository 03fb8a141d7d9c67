"""Taxonomies cannot be changed, and are equal exactly when all their contents are."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path

import pytest

import csc_dspy.taxonomy
from csc_dspy.taxonomy import BUILT_IN, Taxonomy, load_taxonomy

FOLDER = Path(csc_dspy.taxonomy.__file__).parent


def variants(value: object) -> Iterator[object]:
    """Copies of ``value`` that each differ from it in one place."""
    if isinstance(value, tuple):
        yield (*value, "one more")
        for position, each in enumerate(value):
            for other in variants(each):
                yield (*value[:position], other, *value[position + 1 :])
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for other in variants(getattr(value, field.name)):
                yield replace(value, **{field.name: other})
    elif isinstance(value, int):
        yield not value if isinstance(value, bool) else value + 100
    else:
        yield "something" if value is None else f"{value}."


def pickled(taxonomy: Taxonomy) -> Taxonomy:
    again = pickle.loads(pickle.dumps(taxonomy))
    assert isinstance(again, Taxonomy)
    return again


@pytest.mark.parametrize("name", BUILT_IN)
def test_nothing_can_be_set_or_deleted(name: str) -> None:
    taxonomy = load_taxonomy(name)
    strategy, stage = taxonomy.strategies[0], taxonomy.stages[0]
    for thing in (taxonomy, strategy, stage, strategy.name, stage.definition):
        for field in fields(thing):
            with pytest.raises(FrozenInstanceError):
                setattr(thing, field.name, "other")
            with pytest.raises(FrozenInstanceError):
                delattr(thing, field.name)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_taxonomy_is_loaded_once(name: str) -> None:
    assert load_taxonomy(name) is load_taxonomy(name)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_same_contents_are_equal_wherever_they_come_from(name: str, tmp_path: Path) -> None:
    built_in, copied = FOLDER / f"{name}.toml", tmp_path / "mine.toml"
    copied.write_bytes(built_in.read_bytes())
    taxonomy = load_taxonomy(copied)
    assert taxonomy is not load_taxonomy(name)
    assert taxonomy == load_taxonomy(name)
    assert hash(taxonomy) == hash(load_taxonomy(name))
    assert taxonomy.fingerprint == load_taxonomy(name).fingerprint
    assert taxonomy.strategies == load_taxonomy(name).strategies


def test_built_in_taxonomies_differ_from_each_other_and_from_anything_else() -> None:
    copc, esconv = load_taxonomy("copc"), load_taxonomy("esconv")
    assert copc != esconv
    assert copc != "copc"
    assert copc.strategy("others") != esconv.strategy("others")


@pytest.mark.parametrize("name", BUILT_IN)
def test_any_change_of_contents_changes_the_fingerprint(name: str) -> None:
    taxonomy = load_taxonomy(name)
    changed = [each.fingerprint for each in variants(taxonomy) if isinstance(each, Taxonomy)]
    assert len(changed) > 200
    assert len({taxonomy.fingerprint, *changed}) == len(changed) + 1


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize("name", BUILT_IN)
def test_copies_are_equal_and_still_read_labels(name: str, copied: Callable[[Taxonomy], Taxonomy]) -> None:
    fresh = load_taxonomy(FOLDER / f"{name}.toml")
    unused = copied(fresh)
    for taxonomy in (unused, copied(unused), fresh):
        for strategy in fresh.strategies:
            assert taxonomy.strategy(strategy.label) == strategy
        assert taxonomy.stage(1) == fresh.stages[0]
        assert copied(taxonomy) == fresh
        assert hash(copied(taxonomy)) == hash(fresh)
        assert copied(taxonomy).strategy(2) == fresh.strategies[1]


def test_a_member_is_the_same_whatever_its_texts_say() -> None:
    strategy, stage = load_taxonomy().strategies[4], load_taxonomy().stages[1]
    reworded = replace(strategy, number=6, label="EM", definition=strategy.distinction)
    assert reworded == strategy
    assert {strategy: 1}[reworded] == 1
    assert replace(stage, number=3, definition=strategy.definition) == stage
    assert replace(strategy, id="comfort") != strategy


def test_members_read_well_in_messages() -> None:
    copc = load_taxonomy()
    assert repr(copc) == "Taxonomy('copc', 5 stages, 12 strategies)"
    assert f"{copc.strategies[4]} in {copc.strategies[4].stage}" == "emotional_management in identifying"
