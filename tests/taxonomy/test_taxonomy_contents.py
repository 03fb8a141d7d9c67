"""What the built-in taxonomies hold, and that their texts are complete in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from csc_dspy.taxonomy import BUILT_IN, DEFAULT, LANGUAGES, Language, Localized, Taxonomy, load_taxonomy

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN_WORDS = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){2,}")

COPC_STAGES = [
    (1, "connecting", "Connecting", "欢迎和建立联系"),
    (2, "identifying", "Identifying", "理解和识别问题"),
    (3, "exploring", "Exploring", "寻求解决方案"),
    (4, "resolving", "Resolving", "解决和确认"),
    (5, "maintaining", "Maintaining", "结束和保持关系"),
]
COPC_STRATEGIES = [
    (1, "greeting", "礼貌问候", "Greeting", "GT", "connecting"),
    (2, "identity_verification", "确认身份", "Identity Verification", "IV", "connecting"),
    (3, "restatement", "重述或转述", "Restatement or Paraphrasing", "RP", "identifying"),
    (4, "problem_refinement", "细化问题", "Problem Refinement", "PR", "identifying"),
    (5, "emotional_management", "情感管理", "Emotional Management", "EM", "identifying"),
    (6, "providing_suggestions", "提供建议", "Providing Suggestions", "PS", "exploring"),
    (7, "information_delivery", "信息传达", "Information Delivery", "ID", "exploring"),
    (8, "resolution_implementation", "解决实施", "Resolution Implementation", "RI", "resolving"),
    (9, "feedback_request", "反馈请求", "Feedback Request", "FR", "resolving"),
    (10, "relationship_continuation", "关系延续", "Relationship Continuation", "RC", "maintaining"),
    (11, "appreciation_closure", "感谢与告别", "Appreciation and Closure", "AC", "maintaining"),
    (12, "others", "其它", "Others", "OT", None),
]
ESCONV_STAGES = [
    (1, "exploration", "Exploration", "探索"),
    (2, "comforting", "Comforting", "安慰"),
    (3, "action", "Action", "行动"),
]
ESCONV_STRATEGIES = [
    (1, "question", "提问", "Question", "QU", "exploration"),
    (2, "restatement", "复述或转述", "Restatement or Paraphrasing", "RP", "exploration"),
    (3, "reflection_of_feelings", "情感反映", "Reflection of Feelings", "RF", "comforting"),
    (4, "self_disclosure", "自我表露", "Self-disclosure", "SD", "comforting"),
    (5, "affirmation_and_reassurance", "肯定与安抚", "Affirmation and Reassurance", "AR", "comforting"),
    (6, "providing_suggestions", "提供建议", "Providing Suggestions", "PS", "action"),
    (7, "information", "提供信息", "Information", "IN", "action"),
    (8, "others", "其他", "Others", "OT", None),
]


def strategy_table(taxonomy: Taxonomy) -> list[tuple[int, str, str, str, str, str | None]]:
    return [
        (s.number, s.id, s.name.zh, s.name.en, s.abbreviation, s.stage.id if s.stage else None)
        for s in taxonomy.strategies
    ]


def stage_table(taxonomy: Taxonomy) -> list[tuple[int, str, str, str]]:
    return [(stage.number, stage.id, stage.name.en, stage.name.zh) for stage in taxonomy.stages]


def texts(taxonomy: Taxonomy) -> Iterator[Localized]:
    yield taxonomy.name
    for stage in taxonomy.stages:
        yield from (stage.name, stage.definition)
    for strategy in taxonomy.strategies:
        yield from (strategy.name, strategy.definition, strategy.distinction)


def test_copc_is_the_default() -> None:
    assert DEFAULT == "copc"
    assert load_taxonomy() == load_taxonomy("copc")


def test_copc_has_five_stages_and_twelve_strategies() -> None:
    copc = load_taxonomy("copc")
    assert stage_table(copc) == COPC_STAGES
    assert strategy_table(copc) == COPC_STRATEGIES


def test_esconv_has_three_stages_and_eight_strategies() -> None:
    esconv = load_taxonomy("esconv")
    assert stage_table(esconv) == ESCONV_STAGES
    assert strategy_table(esconv) == ESCONV_STRATEGIES


def test_labels_are_those_of_the_published_data() -> None:
    assert load_taxonomy("copc").strategies[4].label == "策略5 情感管理"
    assert load_taxonomy("copc").strategies[11].label == "策略12 其它"
    assert load_taxonomy("esconv").strategies[3].label == "Self-disclosure"


@pytest.mark.parametrize(("name", "question"), [("copc", "problem_refinement"), ("esconv", "question")])
def test_only_a_question_reopens_and_one_stage_at_a_time(name: str, question: str) -> None:
    taxonomy = load_taxonomy(name)
    assert [strategy.id for strategy in taxonomy.strategies if strategy.reopens] == [question]
    assert taxonomy.fall_back == 1


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_text_is_in_its_own_language(name: str) -> None:
    taxonomy = load_taxonomy(name)
    assert taxonomy.id == name
    for text in texts(taxonomy):
        assert text["en"].strip()
        assert not CHINESE.search(text["en"]), text.en
        assert CHINESE.search(text["zh"]), text.zh
        assert not LATIN_WORDS.search(text["zh"]), text.zh


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_members_share_a_text(name: str, language: Language) -> None:
    of_one_language = [text[language] for text in texts(load_taxonomy(name))]
    assert len(set(of_one_language)) == len(of_one_language)


@pytest.mark.parametrize("name", BUILT_IN)
def test_texts_flow_on_one_line(name: str) -> None:
    for text in texts(load_taxonomy(name)):
        for words in (text.en, text.zh):
            assert words == " ".join(words.split())
        assert not re.search(r"[\u3000-\u9fff，。：；] ", text.zh), "a gap left by a line break"


@pytest.mark.parametrize("name", BUILT_IN)
def test_distinctions_name_a_neighbour_in_their_own_language(name: str) -> None:
    taxonomy = load_taxonomy(name)
    for strategy in taxonomy.strategies:
        others = [each for each in taxonomy.strategies if each != strategy]
        named_en = {each.id for each in others if each.name.en in strategy.distinction.en}
        named_zh = {each.id for each in others if f"“{each.name.zh}”" in strategy.distinction.zh}
        assert named_en
        assert named_en == named_zh, strategy.id


@pytest.mark.parametrize("name", BUILT_IN)
def test_chinese_distinctions_quote_names_as_they_are(name: str) -> None:
    taxonomy = load_taxonomy(name)
    names = {strategy.name.zh for strategy in taxonomy.strategies}
    for strategy in taxonomy.strategies:
        named = re.findall(r"(?:属于|归入)“(.+?)”", strategy.distinction.zh)
        assert named
        assert set(named) <= names
