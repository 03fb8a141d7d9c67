"""The card of the corpus: what the hub reads of it, and what people do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from csc_dspy.roleplay.output.names import (
    CONVERSATIONS,
    FAILED,
    MANIFEST,
    PARQUET,
    REJECTED,
    REPORT,
    REPORT_PAGE,
)
from csc_dspy.roleplay.quality import REASONS

_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
_LARGEST: Final = "100K<n<1M"
_FEW: Final = 12
_SPOKEN: Final = {"zh": "Chinese", "en": "English"}
_ABOUT: Final = """\
Customer support conversations{spoken}, played by language models. A planner thought out the scene; one model
spoke for the supporter and one for the customer, each told by another what to do next. Every turn of the
supporter has the strategy that it was to follow, and its stage.

Nothing in here has happened. People, companies and numbers are made up, and what supporters say about prices,
rules and rights is no advice.
"""
_ABOUT_ZH: Final = """\
由语言模型扮演双方生成的客服对话，客服每一轮都标注了所用策略和所处阶段。人物、公司和数字均属虚构，对话中的说法不构成任何建议。
"""
_EMBEDDED: Final = """\
**Only good for trying the chain.** These dialogues were put together from the packaged samples by retrieval.
No language model has played them, no judge has looked at them. Train nothing on them.
"""
_UNJUDGED: Final = "No judge has looked at the dialogues: only the cheap checks did.\n"
_JUDGED: Final = """\
Every dialogue passed rules, then a judge: at least {threshold} of five criteria are met, by the word of a
language model. `judgement` says which. Nobody has read them all: look through a sample.
"""
_FILES: Final = {
    CONVERSATIONS: "the conversations, in the schema of csc-dspy",
    PARQUET: "the same as Parquet; what `datasets` loads",
    REJECTED: "dialogues that were not kept, with all reasons",
    FAILED: "tasks that came to no end, with the reason",
    REPORT: "what is in the corpus, in numbers",
    REPORT_PAGE: "the same to look at",
    MANIFEST: "options, models, counts and the hash of every file",
}
_NO_LICENCE: Final = """\
The licence is not set, and the makers of the language models may have a say in it. Set `license` above before
you publish this.
"""


def card(manifest: Mapping[str, Any]) -> str:
    """The text of ``README.md`` for a corpus with this manifest."""
    sections = (_title, _contents, _making, _counts)
    body = "\n".join("\n".join(section(manifest)) for section in sections)
    return f"---\n{_front_matter(manifest)}---\n\n{body}"


def _front_matter(manifest: Mapping[str, Any]) -> str:
    from huggingface_hub import DatasetCardData

    kept = manifest["counts"]["kept"]
    data = DatasetCardData(
        pretty_name="Customer support role play",
        language=_languages(manifest) or None,
        license="other",
        task_categories=["text-generation", "text-classification"],
        size_categories=[next((name for limit, name in _SIZES if kept < limit), _LARGEST)],
        tags=["csc-dspy", "customer-support", "synthetic", "role-play"],
        # Only these, or `datasets` would take the rejected ones and the report for data.
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": PARQUET}]}],
    )
    return f"{data.to_yaml()}\n"


def _title(manifest: Mapping[str, Any]) -> Iterator[str]:
    languages = _languages(manifest)
    spoken = " and ".join(_SPOKEN[each] for each in languages)
    yield "# Customer support role play\n"
    yield _ABOUT.format(spoken=spoken and f" in {spoken}")
    if "zh" in languages:
        yield _ABOUT_ZH
    judge = manifest.get("judge") or {}
    if (manifest.get("notes") or {}).get("engine") == "embedded":
        yield _EMBEDDED
    elif judge.get("threshold"):
        yield _JUDGED.format(threshold=judge["threshold"])
    else:
        yield _UNJUDGED


def _contents(manifest: Mapping[str, Any]) -> Iterator[str]:
    counts = manifest["counts"]
    yield f"{counts['kept']:,} conversations, {counts['turns']:,} turns.\n"
    yield "## Files\n"
    yield from _table(("file", "what it is"), [(f"`{name}`", about) for name, about in _FILES.items()])


def _making(manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## How it was made\n"
    models = manifest.get("models") or {}
    yield from _table(
        ("role", "model"), [(role.replace("_", " "), f"`{model}`") for role, model in models.items()]
    )
    options = {"dialogues": manifest.get("count"), **(manifest.get("plan") or {})}
    given = [(f"`{key}`", _told(value)) for key, value in options.items() if value not in (None, [], {})]
    yield from _table(("option", "value"), given)
    yield _NO_LICENCE


def _counts(manifest: Mapping[str, Any]) -> Iterator[str]:
    counts = manifest["counts"]
    yield "## From tasks to conversations\n"
    rows: list[tuple[object, object]] = [("dialogues begun", counts["made"])]
    rows += ((REASONS.get(reason, reason), -count) for reason, count in counts["rejected"].items())
    rows += ((f"failed: {reason}", -count) for reason, count in counts["failed"].items())
    yield from _table(("", "dialogues"), [*rows, ("kept", counts["kept"])])


def _languages(manifest: Mapping[str, Any]) -> list[str]:
    return sorted(manifest["counts"]["languages"], reverse=True)


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    drawn = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if not drawn:
        return
    columns = list(head)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from drawn
    yield ""


def _told(value: object) -> object:
    """A value of the plan; of a long list only how long it is."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {share:.3g}" for key, share in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) if len(value) <= _FEW else len(value)
    return value


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return " ".join(text.split()).replace("|", "\\|")
