"""Writing a form, and the key that says whose responses are whose."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from csc_dspy.conversations import Conversation
from csc_dspy.data import read
from csc_dspy.evaluation.cases import Cases
from csc_dspy.evaluation.human.aspects import ASPECTS, Aspect
from csc_dspy.evaluation.human.choosing import Chosen, Pairs, choose, pairs_of
from csc_dspy.evaluation.human.files import Key, KeyItem
from csc_dspy.evaluation.human.page import content_of, page_of
from csc_dspy.exceptions import ConfigError
from csc_dspy.files import atomic_write
from csc_dspy.taxonomy import Language, Taxonomy, load_taxonomy


@dataclass(frozen=True, slots=True)
class Form:
    """What was written. Raters get the page alone; the key stays here."""

    page: Path
    key: Path
    items: int
    language: Language


def write_form(  # noqa: PLR0913 - what is compared, and how, each by its name
    a: str | Path,
    b: str | Path,
    out: str | Path,
    *,
    data: str | Iterable[Conversation],
    count: int = 50,
    seed: int = 0,
    language: Language | None = None,
    taxonomy: Taxonomy | None = None,
    aspects: Sequence[Aspect] = ASPECTS,
) -> Form:
    """Write a form that compares the responses in two files of predictions on ``data``, and its key.

    The questions are in ``language``, or else in that of most of the conversations shown. The key of another
    form is never replaced.
    """
    page = Path(out)
    if page.suffix != ".html":
        raise ConfigError("is to be an HTML file", where=str(out), remedy="give a name that ends in .html")
    taxonomy = taxonomy or load_taxonomy()
    conversations = read(data, taxonomy=taxonomy) if isinstance(data, str | os.PathLike) else data
    pairs = pairs_of(a, b, Cases(conversations, taxonomy))
    chosen = choose(pairs, count, seed)
    language = language or _usual(chosen)
    content = content_of(chosen, language, taxonomy, aspects)
    key = _key(content["form"], (a, b), seed, pairs, chosen, aspects)
    form = Form(page, page.with_suffix(".key.json"), count, language)
    # The key first: a page without its key would be answered in vain.
    _write_key(form.key, key)
    atomic_write(form.page, page_of(content, language))
    return form


def _write_key(path: Path, key: Key) -> None:
    text = key.model_dump_json(indent=2) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise ConfigError(
            "there is the key of another form already",
            where=str(path),
            remedy="write the new form elsewhere: without that key, answers to the other one cannot be read",
        )
    atomic_write(path, text)


def _usual(chosen: Sequence[Chosen]) -> Language:
    ((language, _),) = Counter(each.pair.example.language for each in chosen).most_common(1)
    return language


def _key(
    form: str,
    systems: tuple[str | Path, str | Path],
    seed: int,
    pairs: Pairs,
    chosen: Sequence[Chosen],
    aspects: Sequence[Aspect],
) -> Key:
    return Key(
        form=form,
        a=str(systems[0]),
        b=str(systems[1]),
        seed=seed,
        turns=pairs.turns,
        identical=pairs.identical,
        unanswered=pairs.unanswered,
        aspects=[each.id for each in aspects],
        items=[
            KeyItem(dialogue=each.pair.dialogue, turn=each.pair.example.index, left=each.left)
            for each in chosen
        ],
    )
