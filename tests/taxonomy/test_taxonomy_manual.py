"""The tables and examples of docs/taxonomy.md are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csc_dspy.exceptions import LabelError
from csc_dspy.taxonomy import BUILT_IN, Stage, Strategy, load_taxonomy


def rows(page: str, heading: str, header: str) -> list[list[str]]:
    """The body of the first table with this header below this heading."""
    section = page.split(f"\n{heading}\n", 1)[1]
    table = section.split(f"\n{header}\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


def stage_row(stage: Stage) -> list[str]:
    return [str(stage.number), f"`{stage.id}`", stage.name.en, stage.name.zh]


def strategy_row(strategy: Strategy) -> list[str]:
    home = "any" if strategy.stage is None else f"`{strategy.stage.id}`"
    if strategy.reopens:
        home += ", reopens"
    names = [f"`{strategy.id}`", strategy.name.en, strategy.name.zh, strategy.abbreviation]
    return [str(strategy.number), *names, home, strategy.label]


@pytest.mark.parametrize("name", BUILT_IN)
def test_tables_show_the_built_in_taxonomies(page: str, name: str) -> None:
    taxonomy = load_taxonomy(name)
    stages = rows(page, f"### {name}", "| # | stage | English | Chinese |")
    header = "| # | strategy | English | Chinese | abbr. | home stage | label |"
    assert stages == [stage_row(stage) for stage in taxonomy.stages]
    assert rows(page, f"### {name}", header) == [strategy_row(each) for each in taxonomy.strategies]


def test_spellings_said_to_be_accepted_are(page: str) -> None:
    table = rows(page, "## Spellings of a label", "| spelling | read as |")
    assert len(table) >= 10
    for spelling, expected in table:
        assert f"`{load_taxonomy().strategy(spelling.strip('`'))}`" == expected


def test_spellings_said_to_be_refused_are_with_the_error_shown(page: str) -> None:
    table = rows(page, "## Spellings of a label", "| spelling | error |")
    assert len(table) >= 8
    for spelling, problem in table:
        with pytest.raises(LabelError, match=re.escape(problem)):
            load_taxonomy().strategy(spelling.strip("`"))


def test_the_example_of_an_own_taxonomy_loads(own_toml: str, tmp_path: Path) -> None:
    file = tmp_path / "helpdesk.toml"
    file.write_text(own_toml, encoding="utf-8")
    helpdesk = load_taxonomy(file)
    assert [stage.id for stage in helpdesk.stages] == ["diagnosis", "repair"]
    assert [strategy.label for strategy in helpdesk.strategies] == ["Ask", "Instruct", "Others"]
    assert helpdesk.strategy("提问").reopens
    assert helpdesk.strategy("其它").stage is None


def test_the_first_example_runs_and_says_what_the_code_answers(page: str) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    strategy = names["strategy"]
    assert isinstance(strategy, Strategy)
    assert (strategy.id, strategy.number) == ("emotional_management", 5)
    assert strategy.stage == load_taxonomy().stage("identifying")
    assert f"# '{strategy.id}', {strategy.number}, the stage '{strategy.stage}'" in example
