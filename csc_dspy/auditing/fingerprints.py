"""Telling versions of a corpus apart."""

from __future__ import annotations

import hashlib
import json

from csc_dspy.conversations import Conversation


class Fingerprint:
    """A hash of all conversations that are added, with their labels and other fields, in their order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, conversation: Conversation) -> None:
        """Take a conversation in."""
        row = json.dumps(conversation.row(), ensure_ascii=False, sort_keys=True, default=str)
        self._hash.update(row.encode("utf-8", "surrogatepass") + b"\n")

    def __str__(self) -> str:
        return self._hash.hexdigest()[:32]
