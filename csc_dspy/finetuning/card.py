"""The dataset card of an export: what the hub reads of it, and what people do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from csc_dspy.data.packaged import SAMPLES
from csc_dspy.data.source import HUB
from csc_dspy.taxonomy import LANGUAGES, load_taxonomy

Manifest = Mapping[str, Any]

_PARTS: Final = ("train", "validation")
_SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
)
_LARGEST: Final = "1M<n<10M"
_SPOKEN: Final = {"zh": "Chinese", "en": "English"}
_ABOUT_SAMPLES: Final = """\
**These are samples.** The dialogues come with csc-dspy, were made up for trying things out, and are not
part of CSConv or RoleCS. Nothing measured after training on them says how a model does on the published data.
"""
_ABOUT: Final = """\
Customer support conversations{spoken}, as the program `{program}` of csc-dspy is asked about them.
Every row is a question with {answers}.
The prompts are, byte for byte, those that the program sends when it runs.
"""
_ABOUT_ZH: Final = """\
由 csc-dspy 的 `{program}` 程序从客户服务对话导出的微调数据。
训练所用的提示与程序运行时发送的提示逐字节相同。
"""
_COMPILED: Final = """\
ARTIFACT is the folder of a compiled `{program}`; the hash of its contents is `{compiled}`.
"""
_SOLVED: Final = "the answer that is to be learned"
_PAIRS: Final = "a better and a worse answer, for preference training"
_NO_LICENCE: Final = """\
The licence is not set, so that of the source holds. Set `license` above before you publish this.
"""


def card(manifest: Manifest) -> str:
    """The text of ``README.md`` for an export with this manifest; keys that are missing are passed over."""
    sections = (
        _title(manifest),
        _making(manifest),
        _contents(manifest),
        _strategies(manifest),
        _lengths(manifest),
        _left_out(manifest),
        _provenance(manifest),
    )
    body = "\n".join("\n".join(section) for section in map(list, sections) if section)
    return f"---\n{_front_matter(manifest)}---\n\n{body}"


def _front_matter(manifest: Manifest) -> str:
    from huggingface_hub import DatasetCardData

    files = _data_files(manifest)
    splits = [{"split": part, "path": name} for part, name in files.items()]
    data = DatasetCardData(
        pretty_name=f"Fine-tuning data for {manifest.get('program', 'csc-dspy')}",
        language=_languages(manifest) or None,
        license=manifest.get("license", "other"),
        task_categories=["text-generation"],
        size_categories=[_size(sum(_rows(manifest).values()))],
        tags=["csc-dspy", "dspy", "customer-support", *(["preference"] if manifest.get("pairs") else [])],
        configs=[{"config_name": "default", "data_files": splits}] if splits else None,
    )
    return f"{data.to_yaml()}\n"


def _title(manifest: Manifest) -> Iterator[str]:
    program, languages = manifest.get("program", "csc-dspy"), _languages(manifest)
    spoken = " and ".join(_SPOKEN.get(each, each) for each in languages)
    answers = _PAIRS if manifest.get("pairs") else _SOLVED
    yield f"# Fine-tuning data for {program}\n"
    yield _ABOUT.format(program=program, answers=answers, spoken=spoken and f" in {spoken}")
    if "zh" in languages:
        yield _ABOUT_ZH.format(program=program)
    if _of_samples(manifest):
        yield _ABOUT_SAMPLES


def _making(manifest: Manifest) -> Iterator[str]:
    yield "## How it was made\n"
    yield f"```console\n$ {command(manifest)}\n```\n"
    if manifest.get("compiled"):
        yield _COMPILED.format(program=manifest.get("program", "program"), compiled=manifest["compiled"])
    yield "The same source and options give the same bytes. `manifest.json` has the hash of every file.\n"


def command(manifest: Manifest) -> str:
    """The command line that makes the export again."""
    given = manifest.get("command")
    if given:
        return given if isinstance(given, str) else shlex.join(given)
    named = {"train": manifest.get("source"), "format": manifest.get("form"), "out": "DIR"}
    options = chain.from_iterable(
        _option(name, value) for name, value in {**named, **manifest.get("options", {})}.items()
    )
    program = "ARTIFACT" if manifest.get("compiled") else str(manifest.get("program", "PROGRAM"))
    return shlex.join(["csc-dspy", "export", program, *options])


def _option(name: str, value: object) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    if isinstance(value, (list, tuple)):
        return [*chain.from_iterable(_option(name, each) for each in value)]
    return [] if value is None else [flag, str(value)]


def _contents(manifest: Manifest) -> Iterator[str]:
    files, rows = _data_files(manifest), _rows(manifest)
    if not rows:
        return
    yield "## What is in it\n"
    yield from _table(
        ("part", "file", "rows"), [(part, f"`{files.get(part, '–')}`", count) for part, count in rows.items()]
    )
    if manifest.get("tasks"):
        yield from _table(("task", "rows"), _flat(manifest["tasks"]))


def _strategies(manifest: Manifest) -> Iterator[str]:
    counts = dict(_flat(manifest.get("strategies", {})))
    if not counts:
        return
    names = _strategy_names(manifest)
    yield "## Rows for each strategy\n"
    yield from _table(
        ("strategy", "English", "中文", "rows"),
        [(f"`{id_}`", *names.get(id_, ("–", "–")), count) for id_, count in counts.items()],
    )


def _strategy_names(manifest: Manifest) -> dict[str, tuple[str, str]]:
    taxonomy = load_taxonomy()
    if manifest.get("taxonomy", {}).get("id", taxonomy.id) != taxonomy.id:
        return {}
    return {each.id: (each.name.en, each.name.zh) for each in taxonomy.strategies}


def _lengths(manifest: Manifest) -> Iterator[str]:
    if manifest.get("lengths"):
        yield "## Lengths\n"
        lengths = [(name.replace("_", " "), value) for name, value in _flat(manifest["lengths"])]
        yield from _table(("tokens of a row", ""), lengths)


def _left_out(manifest: Manifest) -> Iterator[str]:
    if "left_out" not in manifest:
        return
    yield "## What was left out\n"
    reasons = [(reason, count) for reason, count in _flat(manifest["left_out"]) if count]
    if reasons:
        yield from _table(("reason", "count"), reasons)
    else:
        yield "Nothing.\n"


def _provenance(manifest: Manifest) -> Iterator[str]:
    facts = {
        "source": manifest.get("source"),
        "fingerprint": manifest.get("fingerprint"),
        "taxonomy": manifest.get("taxonomy", {}).get("id"),
        "form": manifest.get("form"),
    }
    yield "## Where it comes from\n"
    yield from (f"- {name}: `{value}`" for name, value in facts.items() if value)
    if any(facts.values()):
        yield ""
    if not manifest.get("license"):
        yield _NO_LICENCE


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(map(_cell, row))} |" for row in rows)
    yield ""


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """What nested mappings hold, by the names on the way to it."""
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        inner = isinstance(value, Mapping)
        found += _flat(value, f"{before}{name}, ") if inner else [(f"{before}{name}", value)]
    return found


def _rows(manifest: Manifest) -> dict[str, int]:
    return {part: count for part, count in manifest.get("rows", {}).items() if count}


def _data_files(manifest: Manifest) -> dict[str, str]:
    names = sorted(manifest.get("files", {}))
    found = {part: next((name for name in names if name.startswith(f"{part}.")), None) for part in _PARTS}
    return {part: name for part, name in found.items() if name}


def _languages(manifest: Manifest) -> list[str]:
    given = manifest.get("language") or []
    spoken = [given] if isinstance(given, str) else list(given)
    return sorted(spoken, key=lambda each: LANGUAGES.index(each) if each in LANGUAGES else len(LANGUAGES))


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), _LARGEST)


def _of_samples(manifest: Manifest) -> bool:
    source = str(manifest.get("source") or "")
    return not source.startswith(HUB) and source.partition(":")[0] in SAMPLES
