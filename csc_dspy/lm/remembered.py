"""A bounded memory of what takes time to make."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Remembered(Generic[V]):
    """A bounded store of what was made for a key; safe under threads."""

    def __init__(self, size: int, known: Mapping[Any, V] | None = None) -> None:
        self._size = size
        self._values: OrderedDict[object, V] = OrderedDict(known or {})
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], V]) -> V:
        """What was made for ``key``, made now if it is new."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            if len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

    def __deepcopy__(self, memo: dict[int, Any]) -> Remembered[V]:
        return self
