"""The card of the folder: what the conversations are, how they were chosen, and what to mind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from csc_dspy.rewriting.writing import CARD, CONVERSATIONS, SPLIT

_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
_LARGEST: Final = "100K<n<1M"
_SPOKEN: Final = {"zh": "Chinese", "en": "English"}
_UNLABELLED: Final = "Customer support conversations from raw transcripts, not labelled."
_LABELLED: Final = """\
Customer support conversations from raw transcripts. A strategy classifier labelled the strategy of every
supporter turn; the stage follows from the strategies by rule. Nobody has looked through the labels:
`confidence` is the probability that the classifier gave to its choice, where that was measured."""
_REWRITTEN: Final = """\
Customer support conversations, rewritten from raw transcripts by a language model so that every turn of the
supporter follows one strategy, which the rewriting names. Figures, dates, times and placeholders were
compared with the transcript by rules, the outcome by a language model. Nobody has read them all: look
through a sample."""
_REWRITTEN_ZH: Final = "对话由语言模型根据转写稿改写，客服每一轮只采用一个策略；个人信息以占位符代替。"
_STAGES: Final = {
    "rule": "The stage of a turn follows from the strategies by rule.",
    "tracker": "The stage of a turn was found by the stage tracker.",
}
_WORDS: Final = "The words are those of the transcripts, without tags and needless space."
_WORDS_ZH: Final = "对话文本保持转写原文；个人信息以占位符代替。"
_JOINED: Final = "Consecutive turns of one speaker are joined."
_REDACTED: Final = """\
Personal data is replaced by placeholders, numbered within a dialogue. It was found by rules, and rules miss
some: names without a title or an introduction above all. Look through a sample before you publish this."""
_OPEN: Final = """\
**Personal data is not replaced.** Do not publish this."""
_NO_LICENCE: Final = (
    "The licence is not set, so that of the source holds. Set `license` above before you publish this."
)


def write_card(folder: Path, funnel: Mapping[str, Any]) -> None:
    """Write ``README.md``."""
    sections = (_title, _contents, _funnel, _personal, _labels)
    body = "\n".join("\n".join(section(funnel)) for section in sections)
    (folder / CARD).write_text(f"{_front_matter(funnel)}\n{body}", encoding="utf-8")


def _front_matter(funnel: Mapping[str, Any]) -> str:
    size = next((name for limit, name in _SIZES if funnel["kept"] < limit), _LARGEST)
    languages = "".join(f"\n- {language}" for language in sorted(funnel["languages"])) or " []"
    return (
        f"---\nlanguage:{languages}\nlicense: other\n"
        "task_categories:\n- text-classification\n- text-generation\n"
        f"tags:\n- csc-dspy\n- customer-support\nsize_categories:\n- {size}\n"
        f"configs:\n- config_name: default\n  data_files:\n{_data_files(funnel)}---\n"
    )


def _data_files(funnel: Mapping[str, Any]) -> str:
    parts = {part: f"{SPLIT}/{part}.jsonl" for part in funnel.get("parts") or {}} or {"train": CONVERSATIONS}
    return "".join(f"  - split: {_part(part)}\n    path: {path}\n" for part, path in parts.items())


def _part(name: str) -> str:
    """What data sets call a part, which takes no hyphens."""
    return name.replace("-", "_")


def _title(funnel: Mapping[str, Any]) -> Iterator[str]:
    spoken = " and ".join(_SPOKEN[each] for each in sorted(funnel["languages"], reverse=True))
    yield f"# Conversations from {funnel['source']}\n"
    steps = {step["step"] for step in funnel["steps"]}
    yield from _rewritten(funnel) if "rewrite" in steps else _as_they_were(funnel, joined="merge" in steps)
    yield f"{funnel['kept']:,} conversations, {funnel['turns']:,} turns{spoken and f', in {spoken}'}.\n"


def _rewritten(funnel: Mapping[str, Any]) -> Iterator[str]:
    stages = "rule" if funnel["options"].get("stages") == "rule" else "tracker"
    yield f"{_REWRITTEN} {_STAGES[stages]}\n"
    if "zh" in funnel["languages"] and funnel["redacted_all"]:
        yield f"{_REWRITTEN_ZH}\n"


def _as_they_were(funnel: Mapping[str, Any], *, joined: bool) -> Iterator[str]:
    yield _LABELLED if funnel["strategies"] else _UNLABELLED
    yield f"\n{_WORDS}{f' {_JOINED}' if joined else ''}\n"
    if "zh" in funnel["languages"] and funnel["redacted_all"]:
        yield f"{_WORDS_ZH}\n"


def _contents(funnel: Mapping[str, Any]) -> Iterator[str]:
    yield "## Files\n"
    rows = [
        (
            f"`{CONVERSATIONS}`",
            "the conversations, in the schema of csc-dspy; `origin` is the file and line of the transcript",
        ),
        ("`dropped.jsonl`", "what was dropped, with the step and the reason"),
        ("`funnel.json`", "how many came in, were dropped by which rule, and were kept; examples"),
        ("`report.html`", "the same to look at, with conversations before and after"),
    ]
    if funnel["quarantined"]:
        rows.insert(2, ("`quarantine.jsonl`", "lines that could not be read, with their places"))
    if any(step["step"] == "rewrite" for step in funnel["steps"]):
        rows.append(("`statistics.json`", "lengths, labels and transitions"))
    if funnel.get("parts"):
        rows.append((f"`{SPLIT}/`", "the same conversations by part; near-duplicates are in one part"))
    yield from _table(("file", "what it is"), rows)


def _funnel(funnel: Mapping[str, Any]) -> Iterator[str]:
    yield "## From transcripts to conversations\n"
    rows: list[tuple[object, ...]] = [("came in", funnel["in"])]
    for step in funnel["steps"]:
        rows += ((f"{step['step']}: {told['meaning']}", -told["count"]) for told in step["dropped"].values())
    yield from _table(("", "transcripts"), [*rows, ("kept", funnel["kept"])])
    if rules := {**(funnel["options"].get("rules") or {}), **funnel["options"].get("finish", {})}:
        yield "The thresholds:\n"
        yield from _table(("rule", "threshold"), [(f"`{name}`", _threshold(rules[name])) for name in rules])


def _personal(funnel: Mapping[str, Any]) -> Iterator[str]:
    yield "## Personal data\n"
    if not funnel["redacted_all"]:
        yield f"{_OPEN}\n"
        return
    yield f"{_REDACTED}\n"
    if funnel["redacted"]:
        yield from _table(("kind", "placeholders"), list(funnel["redacted"].items()))


def _labels(funnel: Mapping[str, Any]) -> Iterator[str]:
    if funnel["strategies"]:
        yield "## Labels\n"
        yield from _table(
            ("strategy", "turns"), [(f"`{name}`", n) for name, n in funnel["strategies"].items()]
        )
        yield from _table(("stage", "turns"), [(f"`{name}`", n) for name, n in funnel["stages"].items()])
    if parts := funnel.get("parts"):
        yield from _table(("part", "conversations"), list(parts.items()))
    yield "## Licence\n"
    yield f"{_NO_LICENCE}\n"


def _threshold(value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "as in the paper" if value is None else value


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    columns = list(head)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    yield ""


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.split()).replace("|", "\\|")
