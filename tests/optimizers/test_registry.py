"""Optimizers by name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from csc_dspy.exceptions import ConfigError
from csc_dspy.optimizers._base import Optimizer
from csc_dspy.optimizers.prompts.balanced import Balanced
from csc_dspy.optimizers.prompts.chain import Chain
from csc_dspy.optimizers.prompts.knn import Knn
from csc_dspy.optimizers.prompts.registry import OPTIMIZERS, optimizer
from csc_dspy.programs import create


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_frozen_named_and_bounded(name: str) -> None:
    made: Optimizer = optimizer(name)
    assert made.name == name
    shape: Any = made
    first, *_ = fields(shape)
    with pytest.raises(FrozenInstanceError):
        setattr(made, first.name, 1)
    program = create("support-agent")
    assert 0 < made.most_calls(program, 10, 5) <= made.most_calls(program, 20, 10)


def test_a_chain_is_joined_by_plus() -> None:
    chain = optimizer("prior+balanced+calibrate", candidates=3, penalty=2.0)
    assert isinstance(chain, Chain)
    assert chain.name == "prior+balanced+calibrate"
    assert chain.links[1] == Balanced(candidates=3)
    program = create("strategy-predictor")
    assert chain.most_calls(program, 7, 5) == sum(each.most_calls(program, 7, 5) for each in chain.links)


def test_parameters_go_to_all_that_have_them() -> None:
    chain = optimizer("balanced + knn", demonstrations=5)
    assert isinstance(chain, Chain)
    assert chain.links == (Balanced(demonstrations=5), Knn(demonstrations=5))
    assert chain.most_demonstrations == 10


@pytest.mark.parametrize(
    ("spec", "parameters", "told"),
    [
        ("balnced", {}, "did you mean 'balanced'"),
        ("prior+calibrat", {}, "did you mean 'calibrate'"),
        ("prior+", {}, "there are auto"),
        ("xyz", {}, "there are auto"),
        ("knn", {"pol": 3}, "did you mean 'pool'"),
        ("labeled+prior", {"candidates": 3}, "there are demonstrations, weights"),
    ],
)
def test_what_is_not_there_is_told(spec: str, parameters: dict[str, int], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        optimizer(spec, **parameters)
