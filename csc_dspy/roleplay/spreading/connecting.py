"""The connection to a Ray cluster: quiet, private, and gone in the end."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.roleplay.spreading._base import LOCAL, Cluster

# Ray reads these when it is imported and when it starts processes.
_PRIVATE: Final = {
    # Nothing is told to its makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Under `uv run` it would send the working folder to the cluster.
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    # Without it there is a warning about graphics cards, which nobody here uses.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_SMALLEST_STORE: Final = 80 * 2**20
_PATIENCE: Final = 10.0


@contextmanager
def connected(cluster: Cluster) -> Iterator[ModuleType]:
    """Ray, connected for the length of the block; a connection that is there already is used, and stays."""
    with _environment(_PRIVATE):
        ray = _imported()
        if ray.is_initialized():
            yield ray
            return
        _reach(cluster.found)
        with _signals_kept():
            _connect(ray, cluster.found)
        try:
            yield ray
        finally:
            ray.shutdown()


def _imported() -> ModuleType:
    try:
        with _signals_kept():
            import ray
    except ImportError as error:
        raise ConfigError(
            "Ray is not installed", where="--engine ray", remedy="pip install 'csc-dspy[ray]'"
        ) from error
    found: ModuleType = ray
    return found


def _connect(ray: ModuleType, address: str) -> None:
    private = {"_node_ip_address": "127.0.0.1", "object_store_memory": _SMALLEST_STORE}
    options: dict[str, Any] = private if address == LOCAL else {}
    try:
        ray.init(
            address=address,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="CRITICAL",
            **options,
        )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ray.exceptions.RayError) as error:
        said = str(error).strip().partition("\n")[0]
        raise ConfigError(
            f"Ray cannot be used: {said}",
            where=f"Ray cluster {address}",
            remedy="with a cluster that asks for a token set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN",
        ) from error


def _reach(address: str) -> None:
    """ConfigError if nothing listens at an address; Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise ConfigError(
            "no Ray cluster answers",
            where=f"Ray cluster {address}",
            remedy="start it with `ray start --head`",
        ) from error


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; it is to mean what it meant before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
