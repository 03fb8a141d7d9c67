"""What can be wrong with a sweep besides its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csc_dspy.exceptions import ConfigError

from .space import PIPELINE

if TYPE_CHECKING:
    from .settings import Settings


def check(settings: Settings) -> None:
    """ConfigError where programs do not answer what counts, or a language model is not known.

    ``where`` is ``program`` or ``lm``.
    """
    _check_objectives(settings)
    _check_programs(settings)
    _check_models(settings)


def _check_objectives(settings: Settings) -> None:
    if len(set(settings.objectives)) < len(settings.objectives):
        raise ConfigError("an objective is there twice", where="program", remedy="give each once")


def _check_programs(settings: Settings) -> None:
    from csc_dspy.programs import create

    from .building import JOINT
    from .objectives import require_answered

    names = [*settings.space.options("program")]
    if PIPELINE in names and "joint" in settings.space.options("variant"):
        names.append(JOINT)
    try:
        for name in names:
            require_answered(settings.objectives, create(name))
    except ConfigError as error:
        raise ConfigError(
            error.problem, where="program", remedy="give another objective or program"
        ) from error


def _check_models(settings: Settings) -> None:
    from csc_dspy.lm.specs import route

    from .connections import models_of, require_price

    try:
        for spec in settings.space.options("lm"):
            models = models_of(spec, None, settings.lm_options)
            route(spec, models.own_options.get("api_base"))
            if settings.priced:
                require_price(models)
    except ConfigError as error:
        raise ConfigError(error.problem, where="lm", remedy=error.remedy) from error
