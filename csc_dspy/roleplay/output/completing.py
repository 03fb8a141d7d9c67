"""What is added to the folder when all rows are in it: Parquet, report, card, manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from csc_dspy.roleplay.output.names import CARD, CONVERSATIONS, KIND, MANIFEST, PARQUET
from csc_dspy.taxonomy import Taxonomy

_VERSION: Final = 1
_PIECE: Final = 2**20


def complete(folder: Path, about: Mapping[str, Any], taxonomy: Taxonomy, against: str | None) -> None:
    """Write everything but the rows; the manifest last, as it has the hashes of all others."""
    from csc_dspy.roleplay.output.card import card
    from csc_dspy.roleplay.output.parquet import write_parquet
    from csc_dspy.roleplay.report import write_report

    manifest = {
        "kind": KIND,
        "format": _VERSION,
        # Who reads the folder reads these of its files; see `csc_dspy.read`.
        "data": [CONVERSATIONS],
        **about,
        "taxonomy": {"id": taxonomy.id, "fingerprint": taxonomy.fingerprint},
    }
    write_parquet(folder / CONVERSATIONS, folder / PARQUET)
    write_report(folder, manifest, taxonomy, against=against)
    (folder / CARD).write_text(card(manifest), encoding="utf-8")
    files = {path.name: _fingerprint(path) for path in sorted(folder.iterdir()) if path.name != MANIFEST}
    text = json.dumps({**manifest, "files": files}, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")


def _fingerprint(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return {"bytes": path.stat().st_size, "sha256": digest.hexdigest()}
