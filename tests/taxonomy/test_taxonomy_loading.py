"""A taxonomy of one's own: what loads, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.exceptions import LabelError, TaxonomyError
from csc_dspy.taxonomy import load_taxonomy

TEMPLATE = 'label = "{en}"'


def refused(source: str | Path) -> str:
    """The message of the error; it is one line, and names the file."""
    with pytest.raises(TaxonomyError) as error:
        load_taxonomy(source)
    message = str(error.value)
    assert str(source) in message
    assert len(message.splitlines()) == 1
    return message


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


@pytest.fixture
def file(tmp_path: Path, own_toml: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(own_toml, encoding="utf-8")
    return path


def test_a_path_may_be_text_or_a_path_with_any_suffix(file: Path, tmp_path: Path) -> None:
    bare = tmp_path / "mine"
    bare.write_bytes(file.read_bytes())
    assert load_taxonomy(str(file)) == load_taxonomy(file) == load_taxonomy(bare) == load_taxonomy(str(bare))


def test_a_byte_order_mark_and_windows_line_ends_are_fine(file: Path) -> None:
    plain = load_taxonomy(file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert load_taxonomy(file) == plain


def test_what_may_be_left_out_has_the_documented_value(file: Path, own_toml: str) -> None:
    written = load_taxonomy(file)
    shorter = changed(own_toml, "fall_back = 1   # how", "# how")
    file.write_text(shorter, encoding="utf-8")
    assert load_taxonomy(file) == written
    assert [strategy.reopens for strategy in written.strategies] == [True, False, False]
    assert written.strategies[1].aliases == ()
    assert written.strategies[2].stage is None


def test_texts_lose_the_space_around_them(file: Path, own_toml: str) -> None:
    written = load_taxonomy(file)
    file.write_text(changed(own_toml, '"Diagnosis"', '"  Diagnosis\\n"'), encoding="utf-8")
    assert load_taxonomy(file) == written


def test_names_may_begin_and_end_with_numerals(file: Path, own_toml: str) -> None:
    text = changed(own_toml, 'en = "Instruct", zh = "指导"', 'en = "2nd level 1", zh = "二线 三"')
    text = changed(text, TEMPLATE, 'label = "{number} {en} {zh} {number}"')
    file.write_text(text, encoding="utf-8")
    helpdesk = load_taxonomy(file)
    assert helpdesk.strategies[1].label == "2 2nd level 1 二线 三 2"
    for label in ("二 二线三", "2nd-level 1", "Strategy 2: 2ND LEVEL 1", "2nd level 1 2"):
        assert helpdesk.strategy(label).id == "instruct"


def test_spellings_made_of_other_spellings_do_not_slow_matching_down(file: Path, own_toml: str) -> None:
    aliases = 'aliases = ["Question", "提问", "a", "aa", "aaa", "aaaa", "ab", "ba"]'
    file.write_text(changed(own_toml, 'aliases = ["Question", "提问"]', aliases), encoding="utf-8")
    helpdesk = load_taxonomy(file)
    assert helpdesk.strategy("a" * 12).id == "ask"
    with pytest.raises(LabelError, match="names no strategy"):
        helpdesk.strategy("a" * 100_000 + "!")


def test_an_unknown_name_is_told_the_built_in_ones() -> None:
    assert refused("copx") == (
        "no taxonomy is called 'copx', nor is it a file (built in are copc and esconv; or give a TOML file)"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "nor is it a file" in refused(tmp_path / "missing.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path).startswith(f"{tmp_path}: cannot be read: ")


def test_what_lies_below_a_file_cannot_be_read(file: Path) -> None:
    assert refused(file / "inner.toml").startswith(f"{file / 'inner.toml'}: cannot be read: ")


@pytest.mark.parametrize("name", ["x" * 5_000, "", "\ud800"])
def test_what_cannot_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(TaxonomyError):
        load_taxonomy(name)


def test_a_zero_byte_is_refused() -> None:
    with pytest.raises(TaxonomyError, match=r"no taxonomy is called 'a\\x00\.toml'"):
        load_taxonomy("a\0.toml")


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_another_encoding_is_refused(file: Path, own_toml: str, encoding: str) -> None:
    file.write_text(own_toml, encoding=encoding)
    assert refused(file) == f"{file}: is not UTF-8 text (save it as UTF-8)"


@pytest.mark.parametrize("text", ["id = ", "[[stages]\n", "{}", 'id = "a"\nid = "b"', "id: copc"])
def test_what_is_not_toml_is_refused_with_its_line(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    message = refused(file)
    assert message.startswith(f"{file}: is not TOML: ")
    assert "(at " in message


FORM = [
    ("", "", "", "id: Field required"),  # an empty file
    ("a missing key", 'abbreviation = "IN"\n', "", "strategies[2].abbreviation: Field required"),
    ("a missing language", ', zh = "修复"', "", "stages[2].name.zh: Field required"),
    ("an unknown key", "reopens = true", "reopen = true", "strategies[1].reopen: Extra inputs"),
    ("an unknown language", ', zh = "修复"', ', zh = "修复", fr = "x"', "stages[2].name.fr: Extra inputs"),
    ("an unknown table", "[[stages]]", "[notes]\n[[stages]]", "notes: Extra inputs"),
    ("an empty text", '"询问用户', '"" # "', "strategies[1].definition.zh: String should have at least 1"),
    ("a blank text", '"Diagnosis"', '" "', "stages[1].name.en: String should have at least 1"),
    (
        "a text for a number",
        "number = 2",
        'number = "2"',
        "stages[2].number: Input should be a valid integer",
    ),
    ("a fraction", "number = 2", "number = 2.0", "stages[2].number: Input should be a valid integer"),
    ("a number for a text", 'abbreviation = "IN"', "abbreviation = 1", "strategies[2].abbreviation: Input"),
    ("a text for yes or no", "reopens = true", 'reopens = "yes"', "strategies[1].reopens: Input should be"),
    ("a text for a list", '["Question", "提问"]', '"Question"', "strategies[1].aliases: Input should be"),
    ("a number in a list", '["Question", "提问"]', '["Question", 1]', "strategies[1].aliases[2]: Input"),
    ("an empty alias", '["Question", "提问"]', '["Question", ""]', "strategies[1].aliases[2]: String"),
    ("one language alone", '{ en = "Repair", zh = "修复" }', '"Repair"', "stages[2].name: Input should be"),
    ("an id with a space", 'id = "ask"', 'id = "ask me"', "strategies[1].id: String should match pattern"),
    ("an id in capitals", 'id = "helpdesk"', 'id = "Helpdesk"', "id: String should match pattern"),
    ("a negative distance", "fall_back = 1", "fall_back = -1", "fall_back: Input should be greater"),
    ("a number beyond 99", "number = 3", "number = 100", "strategies[3].number: Input should be less"),
]


@pytest.mark.parametrize(("old", "new", "problem"), [row[1:] for row in FORM], ids=[row[0] for row in FORM])
def test_a_wrong_form_is_refused_with_its_place(
    file: Path, own_toml: str, old: str, new: str, problem: str
) -> None:
    file.write_text(changed(own_toml, old, new) if old else "", encoding="utf-8")
    assert refused(file).startswith(f"{file}: {problem}")


SENSE = [
    ("a skipped number", "number = 3", "number = 4", "strategies[3] has number 4, expected 3"),
    ("numbers from 0", "number = 1", "number = 2", "stages[1] has number 2, expected 1"),
    ("an id twice", 'id = "instruct"', 'id = "ask"', "strategies[2]: the id 'ask' stands twice"),
    ("a stage twice", 'id = "repair"', 'id = "diagnosis"', "stages[2]: the id 'diagnosis' stands twice"),
    (
        "a home that is no stage",
        'stage = "repair"',
        'stage = "fixing"',
        "strategy 'instruct' is at home in 'fixing', which is no stage (stages are diagnosis, repair;",
    ),
]
COLLISIONS = [
    (
        "two abbreviations",
        '"IN"',
        '"as"',
        "strategy 'ask': 'AS' names more than one strategy: ask and instruct",
    ),
    ("an alias and a name", '"Question"', '"instruct"', "strategy 'ask': 'instruct' names more than one"),
    (
        "an alias and a number",
        '"Question"',
        '"策略二"',
        "strategy 'ask': '策略二' names more than one strategy",
    ),
    ("names in two languages", 'zh = "指导"', 'zh = "Ask"', "strategy 'ask': 'ask' names more than one"),
    ("an alias of nothing", '"Question"', '"--"', "strategy 'ask': '--' names no strategy"),
    (
        "two stages",
        'zh = "修复"',
        'zh = "Diagnosis"',
        "stage 'diagnosis': 'diagnosis' names more than one stage",
    ),
    ("a stage of nothing", 'zh = "修复"', 'zh = "。"', "stage 'repair': '。' names no stage"),
]
TEMPLATES = [
    (
        "an unknown field",
        "{name}",
        "label = '{name}' cannot be filled in (it may use {number}, {en}, {zh} and",
    ),
    ("a position", "{0}", "label = '{0}' cannot be filled in"),
    ("an open brace", "{en", "label = '{en' cannot be filled in"),
    ("an attribute", "{en.x}", "label = '{en.x}' cannot be filled in"),
    ("a wrong index", "{number[0]}", "label = '{number[0]}' cannot be filled in"),
    ("a wrong format", "{en:d}", "label = '{en:d}' cannot be filled in"),
    ("no field", "Ask", "strategy 'instruct': 'Ask' names 'ask'"),
    ("a joint", "{zh}/{en}x", "strategy 'ask': '询问/Askx' names no strategy"),
    ("a foreign word", "turn {number}", "strategy 'ask': 'turn 1' names no strategy"),
    ("a fixed number", "1 {en}", "strategy 'instruct': '1 Instruct' names more than one strategy"),
]


@pytest.mark.parametrize(("old", "new", "problem"), [row[1:] for row in SENSE], ids=[row[0] for row in SENSE])
def test_what_makes_no_sense_is_refused(file: Path, own_toml: str, old: str, new: str, problem: str) -> None:
    file.write_text(changed(own_toml, old, new), encoding="utf-8")
    assert refused(file).startswith(f"{file}: {problem}")


@pytest.mark.parametrize(
    ("old", "new", "problem"), [row[1:] for row in COLLISIONS], ids=[row[0] for row in COLLISIONS]
)
def test_a_spelling_of_two_members_or_none_is_refused(
    file: Path, own_toml: str, old: str, new: str, problem: str
) -> None:
    file.write_text(changed(own_toml, old, new), encoding="utf-8")
    assert refused(file).startswith(f"{file}: {problem}")


@pytest.mark.parametrize(
    ("template", "problem"), [row[1:] for row in TEMPLATES], ids=[row[0] for row in TEMPLATES]
)
def test_a_label_that_cannot_be_filled_in_or_read_back_is_refused(
    file: Path, own_toml: str, template: str, problem: str
) -> None:
    file.write_text(changed(own_toml, TEMPLATE, f'label = "{template}"'), encoding="utf-8")
    assert refused(file).startswith(f"{file}: {problem}")
