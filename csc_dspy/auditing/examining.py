"""`audit`: from conversations to the labels in doubt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from csc_dspy.auditing.fingerprints import Fingerprint
from csc_dspy.auditing.gathering import Gathered
from csc_dspy.auditing.judging import judge
from csc_dspy.auditing.names import named
from csc_dspy.auditing.result import Audit
from csc_dspy.auditing.rules import rules_for
from csc_dspy.auditing.suspecting import Suspecting
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARE: Final = 0.15
"""Of the labelled turns, so many are suspects unless another number is asked for."""
MOST: Final = 1000
"""No more than these unless they are asked for: people are to look at them."""


def audit(
    conversations: Iterable[Conversation],
    *,
    train: Iterable[Conversation] = (),
    top: int | None = None,
    seed: int = 0,
    progress: Callable[[], object] = lambda: None,
) -> Audit:
    """Find the labels that are most likely wrong.

    The conversations are gone through twice, and only those with suspects in them are kept. What can be
    iterated once only is held in memory.

    Args:
        conversations: Labelled by one taxonomy; turns without a label are passed over.
        train: Other conversations that the classifier learns from besides, as far as they are not the same.
        top: How many suspects; if not given 15 % of the labelled turns, at most 1,000.
        seed: Of the folds; same conversations and seed, same audit.
        progress: Called for every conversation that was read.

    Raises:
        DataError: There is nothing to audit, or nothing to learn from.
    """
    if top is not None and top < 1:
        raise ConfigError(f"top={top} suspects are asked for", remedy="ask for 1 or more")
    if isinstance(conversations, Iterator):
        conversations = list(conversations)
    gathered, fingerprint = _gathered(conversations, progress)
    gathered.add_training(train)
    judged = judge(gathered, seed=seed)
    chosen = _chosen(judged.scores, top)
    kept = _kept(conversations, gathered, chosen)
    return Audit(
        taxonomy=gathered.taxonomy,
        fingerprint=fingerprint,
        dialogues=len(gathered.names),
        labelled=gathered.judged,
        unlabelled=gathered.unlabelled,
        staged=sum(stage >= 0 for stage in gathered.stages[: gathered.judged]),
        learned_besides=len(gathered.strategies) - gathered.judged,
        seed=seed,
        suspects=tuple(Suspecting(gathered, judged, kept).suspects(chosen.tolist())),
        conversations=kept,
    )


def _gathered(conversations: Iterable[Conversation], progress: Callable[[], object]) -> tuple[Gathered, str]:
    gathered: Gathered | None = None
    fingerprint = Fingerprint()
    for name, conversation in named(conversations):
        gathered = gathered or Gathered(conversation.taxonomy)
        gathered.add(name, conversation, rules_for(gathered.taxonomy))
        fingerprint.add(conversation)
        progress()
    if gathered is None:
        raise DataError("there is no conversation to audit", remedy="give conversations with labels")
    return gathered, str(fingerprint)


def _chosen(scores: NDArray[np.float32], top: int | None) -> NDArray[np.int64]:
    """The rows of the suspects, the most doubtful first; of equals the earlier one."""
    import numpy as np

    count = top or min(math.ceil(SHARE * len(scores)), MOST)
    return np.argsort(-scores, kind="stable")[:count]


def _kept(
    conversations: Iterable[Conversation], gathered: Gathered, chosen: NDArray[np.int64]
) -> dict[str, Conversation]:
    wanted = {gathered.names[gathered.dialogues[row]] for row in chosen.tolist()}
    return {name: conversation for name, conversation in named(conversations) if name in wanted}
