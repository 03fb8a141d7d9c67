"""Asking by a predictor, without DSPy's layer around it where nothing depends on that.

The layer copies settings, looks every output over for kinds that our signatures do not have, and makes a
prediction out of the values; together that costs as much as asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_origin

import dspy
from dspy.dsp.utils.settings import settings

from csc_dspy.lm.adapter import Adapter
from csc_dspy.lm.calling import generations

Values = Mapping[str, Any]
Predictor: TypeAlias = "dspy.Predict | dspy.ChainOfThought"


def fill_in(predictor: Predictor, inputs: Values, shown: Values) -> Values:
    """The values that a predictor gives for its inputs.

    ``shown`` may have other demonstrations, and a ``config`` for this call alone, as predictors take them.
    """
    asked = leaf(predictor)
    lm = _direct(predictor, asked)
    if lm is None:
        values: Values = predictor(**inputs, **shown)
        return values
    config, demos = shown.get("config", {}), shown.get("demos", asked.demos)
    return settings.adapter(lm, config, asked.signature, demos, inputs)[0]


async def afill_in(predictor: Predictor, inputs: Values, shown: Values) -> Values:
    """`fill_in`, asynchronously."""
    asked = leaf(predictor)
    lm = _direct(predictor, asked)
    if lm is None:
        values: Values = await predictor.acall(**inputs, **shown)
        return values
    config, demos = shown.get("config", {}), shown.get("demos", asked.demos)
    answers = await settings.adapter.acall(lm, config, asked.signature, demos, inputs)
    return answers[0]


def leaf(predictor: Predictor) -> dspy.Predict:
    """The predictor itself, without what adds the reasoning."""
    return predictor if isinstance(predictor, dspy.Predict) else predictor.predict


def _direct(predictor: Predictor, asked: dspy.Predict) -> dspy.LM | None:
    """The language model to ask by our adapter alone; None where DSPy has a part in it."""
    lm = asked.lm or settings.lm
    watched = (
        (settings.trace is not None and settings.max_trace_size)
        or settings.callbacks
        or settings.track_usage
        or settings.send_stream is not None
        or predictor.callbacks
        or asked.callbacks
    )
    direct = (
        not watched
        and isinstance(lm, dspy.LM)
        and isinstance(settings.adapter, Adapter)
        and type(asked) is dspy.Predict
        and not asked.config
        and generations(lm, {}) == 1
        and _plain(asked.signature)
    )
    return lm if direct else None


@lru_cache(maxsize=256)
def _plain(signature: type[dspy.Signature]) -> bool:
    """Whether all outputs are labels or text."""
    kinds = [field.annotation for field in signature.output_fields.values()]
    return all(kind is str or get_origin(kind) is Literal for kind in kinds)
