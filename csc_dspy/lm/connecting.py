"""From ``--lm`` to a ``dspy.LM`` that is ready to use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import dspy
from dspy.utils.exceptions import LMConfigurationError

from csc_dspy.exceptions import ConfigError
from csc_dspy.lm.adapter import Adapter
from csc_dspy.lm.budget import Budget
from csc_dspy.lm.cache import borrow_cache
from csc_dspy.lm.cached import CachedEngine
from csc_dspy.lm.calling import ask_for_likelihoods
from csc_dspy.lm.folders import cache_folder
from csc_dspy.lm.hosted import Endpoint, HostedEngine, Limits
from csc_dspy.lm.keys import find_key, no_key
from csc_dspy.lm.metered import MeteredEngine, Terms
from csc_dspy.lm.metered_structured import MeteredStructuredEngine
from csc_dspy.lm.prices import FREE, Price, listed_price
from csc_dspy.lm.recorded import Record, RecordedEngine
from csc_dspy.lm.specs import Route, route

_DIALECTS: Final = {
    "deepseek": "deepseek",
    "hosted_vllm": "vllm",
    "ollama": "ollama",
    "ollama_chat": "ollama",
}
"""How servers differ from OpenAI's, where the provider's name tells; others are known by their address."""


def connect(  # noqa: PLR0913 - the options of the command line, each by its name
    spec: str = "embedded",
    *,
    api_base: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    concurrency: int = 32,
    timeout: float = 120.0,
    cache: bool = True,
    budget: Budget | None = None,
    price: Price | None = None,
    api_key_file: Path | None = None,
    logprobs: bool = False,
    record: Record | None = None,
) -> dspy.LM:
    """A language model by its spec (see `csc_dspy.lm.specs`), with retries, cache and budget.

    No call is made, but everything is checked that can be without one: ConfigError says what is wrong. The
    temperature is 0 unless given, but for models that take none. Language models that share a ``budget`` keep
    to it together. ``max_tokens`` bounds each answer. With ``logprobs`` the server is asked how likely labels
    were. Every answer is written to the ``record`` of the run, where there is one, and what is there is not
    asked for. Whoever connects closes: ``lm.engine.close()``.
    """
    way = route(spec, api_base)
    budget = budget or Budget()
    if way.kind == "embedded":
        return _embedded(way.spec, budget)
    generation = _generation(way, temperature, max_tokens)
    terms = _terms(way, budget, price, api_key_file)
    limits = Limits(concurrency=concurrency, timeout=timeout)
    engine = _engine(way, terms, limits, record, cache=cache)
    lm = dspy.LM(
        way.spec,
        cache=False,
        num_retries=0,
        engine=engine,
        async_engine=engine.asynchronous,
        **_provider(way, terms, limits),
        **generation,
    )
    if logprobs:
        _ask_for_likelihoods(lm, way)
    return lm


@contextmanager
def using(lm: str | dspy.LM = "embedded", *, trace: bool = False, **options: Any) -> Iterator[dspy.LM]:  # noqa: ANN401 - those of connect
    """Make a language model and our adapter those of DSPy, for the length of the block.

    ``lm`` is a spec, to `connect` with ``options`` and to close in the end, or a language model that is there
    already. Histories are kept only with ``trace``: in bulk work they take several kilobytes a call.
    """
    connected = connect(lm, **options) if isinstance(lm, str) else lm
    bulk = {} if trace else {"disable_history": True, "max_trace_size": 0}
    try:
        with dspy.context(lm=connected, adapter=Adapter(), **bulk):
            yield connected
    finally:
        if isinstance(lm, str):
            connected.engine.close()


def _embedded(spec: str, budget: Budget) -> dspy.LM:
    from csc_dspy.lm.embedded import EmbeddedEngine, EmbeddedProvider

    inner = EmbeddedEngine()
    inner.check(spec)
    engine = MeteredStructuredEngine(inner, Terms(spec, budget, FREE))
    return dspy.LM(
        spec,
        temperature=0.0,
        cache=False,
        num_retries=0,
        engine=engine,
        async_engine=engine.asynchronous,
        provider=EmbeddedProvider(),
    )


def _ask_for_likelihoods(lm: dspy.LM, way: Route) -> None:
    if way.kind in {"hosted", "local"}:
        ask_for_likelihoods(lm)
    else:
        from csc_dspy.logs import logger

        logger.warning("--lm {}: its likelihoods of labels cannot be asked for", way.spec)


def _terms(way: Route, budget: Budget, price: Price | None, key_file: Path | None) -> Terms:
    """What the calls are counted by. Those of a model on this machine cost nothing, and need no key."""
    if way.kind == "local":
        return Terms(way.spec, budget, FREE)
    return Terms(way.spec, budget, _price(way, price, budget), find_key(way.keys, key_file))


def _price(way: Route, given: Price | None, budget: Budget) -> Price | None:
    """The price of the model's tokens; ConfigError if it is not known and has to be."""
    listed = listed_price(way.provider, way.model) if way.own_address else None
    if given is None and listed is None and budget.max_usd is not None:
        raise ConfigError(
            "its price is not known, so --max-usd cannot be kept",
            where=f"--lm {way.spec}",
            remedy="give --price IN,OUT in US dollars for a million tokens",
        )
    return given or listed


def _engine(
    way: Route, terms: Terms, limits: Limits, record: Record | None, *, cache: bool
) -> MeteredEngine | RecordedEngine | CachedEngine:
    """The engine that asks the server, with all its layers."""
    makers = {"hosted": _hosted, "local": _local}
    metered, address = makers.get(way.kind, _native)(way, terms, limits)
    fingerprint = f"{way.kind} {address}"
    # Below the cache: what came from there was not paid for by this run.
    engine = metered if record is None else RecordedEngine(metered, record, fingerprint)
    return CachedEngine(engine, borrow_cache(cache_folder()), fingerprint) if cache else engine


def _hosted(way: Route, terms: Terms, limits: Limits) -> tuple[MeteredEngine, str]:
    endpoint = endpoint_of(way, terms.key.reveal() if terms.key else None)
    if terms.key is None and not way.local:
        raise no_key(way.spec, way.keys)
    engine = HostedEngine(endpoint, limits)
    return MeteredEngine(engine, terms, lambda: engine.statistics.retries), endpoint.api_base


def _provider(way: Route, terms: Terms, limits: Limits) -> dict[str, Any]:
    """What fine-tunes the model, where that is known."""
    if way.kind != "hosted":
        return {}
    from csc_dspy.lm.hosted.fine_tuning_provider import HostedProvider

    endpoint = endpoint_of(way, terms.key.reveal() if terms.key else None)
    return {"provider": HostedProvider(endpoint, limits, terms.key)}


def _local(way: Route, terms: Terms, limits: Limits) -> tuple[MeteredEngine, str]:
    from csc_dspy.huggingface.libraries import ANSWERING, require
    from csc_dspy.lm.local import LocalEngine, find_checkpoint

    where = f"--lm {way.spec}"
    # Before gigabytes are downloaded.
    require(ANSWERING, where)
    checkpoint = find_checkpoint(way.model, where)
    engine = LocalEngine(checkpoint, limits.concurrency)
    # Another model in the same folder gives other answers.
    return MeteredEngine(engine, terms), checkpoint.identity


def endpoint_of(way: Route, key: str | None = None) -> Endpoint:
    """The server at the end of a way to an OpenAI-compatible one."""
    return Endpoint(
        api_base=way.api_base or "",
        key=key,
        prefix=way.prefix,
        dialect=_DIALECTS.get(way.provider) if way.own_address else None,
    )


def _native(way: Route, terms: Terms, limits: Limits) -> tuple[MeteredEngine, str]:
    # DSPy's engines take their time to load.
    from csc_dspy.lm.native import litellm_engine, lm15_engine

    if way.kind == "lm15":
        engine, address = lm15_engine(way, terms.key, limits)
    else:
        engine, address = litellm_engine(way, terms.key, limits), ""
    return MeteredEngine(engine, terms, lambda: engine.retries), address


def _generation(way: Route, temperature: float | None, max_tokens: int | None) -> dict[str, Any]:
    """How the model is to generate, as far as it lets one say."""
    spec, where = way.spec, f"--lm {way.spec}"
    # DSPy knows which models reason, and shows it by the name that it has for their limit.
    if way.kind == "local" or "max_completion_tokens" not in dspy.LM(spec).kwargs:
        return {"temperature": temperature or 0.0, "max_tokens": max_tokens}
    if temperature not in {None, 1.0}:
        raise ConfigError("takes no temperature, because it reasons", where=where, remedy="leave it out")
    try:
        dspy.LM(spec, max_tokens=max_tokens)
    except LMConfigurationError as error:
        raise ConfigError(
            f"{max_tokens} tokens are too few for a model that reasons",
            where=where,
            remedy="leave out the limit of an answer, or set it to 16000 or more",
        ) from error
    return {"temperature": temperature, "max_tokens": max_tokens}
