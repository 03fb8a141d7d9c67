"""Labels of turns that are there: by the classifier, with no word changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from csc_dspy.choosing import Programs
from csc_dspy.conversations import Conversation, derive_stages
from csc_dspy.data import read
from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import Journal
from csc_dspy.rewriting import Dropped, Transcript, annotate
from csc_dspy.rewriting.annotating import Annotating
from csc_dspy.taxonomy import Language, load_taxonomy
from tests.rewriting.transcripts import said
from tests.support.behaviours import fails
from tests.support.openai_server import LLMServer


def samples(language: Language, count: int = 3) -> list[Conversation]:
    return list(read("csconv-sample", split="test", language=language))[:count]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_supporter_turn_has_a_strategy_and_a_stage(language: Language) -> None:
    gold = samples(language)
    labelled = list(annotate(gold))
    assert [said(each) for each in labelled] == [said(each) for each in gold]
    for before, after in zip(gold, labelled, strict=True):
        turns = [turn for _, turn in after.supporter_turns()]
        assert all(turn.strategy and turn.stage for turn in turns)
        assert all(0 < (turn.model_extra or {})["confidence"] <= 1 for turn in turns)
        # The stage is that which follows from the strategies, by the rule of the programs.
        bare = [turn.model_copy(update={"stage": None}) for turn in after.dialogue]
        assert derive_stages(bare, after.taxonomy) == derive_stages(after.dialogue, after.taxonomy)
        assert [each.model_extra for each in before.dialogue] == [{}] * len(before.dialogue)


def test_the_labels_are_better_than_the_most_frequent_one() -> None:
    gold = samples("zh") + samples("en")
    pairs = [
        (before.strategy, after.strategy)
        for conversation, labelled in zip(gold, annotate(gold), strict=True)
        for (_, before), (_, after) in zip(
            conversation.supporter_turns(), labelled.supporter_turns(), strict=True
        )
    ]
    right = sum(before == after for before, after in pairs)
    expected = [before for before, _ in pairs]
    assert right > 1.5 * max(map(expected.count, expected))


def test_labels_that_are_there_do_not_count() -> None:
    (gold,) = samples("en", 1)
    first = next(annotate([gold]))
    wrong = gold.taxonomy.strategy("others")
    turns = [t.model_copy(update={"strategy": wrong}) if t.strategy else t for t in gold.dialogue]
    assert next(annotate([gold.with_turns(turns)])).row()["dialogue"] == first.row()["dialogue"]


def test_another_taxonomy() -> None:
    esconv = load_taxonomy("esconv")
    (labelled,) = annotate(samples("en", 1), taxonomy=esconv)
    assert labelled.row()["taxonomy"] == "esconv"
    assert all(turn.strategy in esconv.strategies for _, turn in labelled.supporter_turns())


def test_a_program_that_labels_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not label turns that are there"):
        next(annotate(samples("en", 1), program="strategy-predictor"))


def step(journal: Journal | None = None) -> Annotating:
    return Annotating(Programs("strategy-classifier", lm="embedded"), journal)


def test_what_the_journal_holds_is_not_asked_again(tmp_path: Path) -> None:
    (gold,) = samples("zh", 1)
    with Journal(tmp_path / "journal", {}, resume=False) as journal:
        first = asyncio.run(step(journal).label(gold))
        turns = len(list(gold.supporter_turns()))
        assert len(journal) == turns
        size = (tmp_path / "journal").stat().st_size
        assert asyncio.run(step(journal).label(gold)) == first
        assert (tmp_path / "journal").stat().st_size == size
    assert "客" not in (tmp_path / "journal").read_text(encoding="utf-8")


def test_a_dialogue_that_the_model_fails_on_is_dropped(llm_server: LLMServer) -> None:
    from csc_dspy.lm import using

    llm_server.usually(fails(400, "not now"))
    (gold,) = samples("en", 1)
    with using("openai/test", api_base=llm_server.url, cache=False):
        dropped = asyncio.run(step().take(Transcript(gold)))
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, "not now" in dropped.detail) == ("failed", True)
