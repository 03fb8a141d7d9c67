"""Values kept between runs, by keys, in folders that processes share."""

from __future__ import annotations

from csc_dspy.stores.json_store import JSONStore, StoreError

__all__ = ["JSONStore", "StoreError"]
