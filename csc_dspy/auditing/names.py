"""Names of dialogues, by which suspects and decisions refer to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from csc_dspy.conversations import Conversation


def named(conversations: Iterable[Conversation]) -> Iterator[tuple[str, Conversation]]:
    """Each conversation with its id, or else the beginning of its content's hash.

    No name comes twice: ``~2``, ``~3`` … are put behind one that was there already.
    """
    used: dict[str, int] = {}
    for conversation in conversations:
        wanted = conversation.id or conversation.content_hash[:16]
        name = wanted
        while name in used:
            used[wanted] += 1
            name = f"{wanted}~{used[wanted]}"
        used[name] = 1
        yield name, conversation
