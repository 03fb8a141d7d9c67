"""``docs/roleplay-quality.md`` says what happens."""

from __future__ import annotations

import re
from pathlib import Path

import csc_dspy as csc
from csc_dspy.data.near_duplicates import THRESHOLD
from csc_dspy.roleplay.output import names
from csc_dspy.roleplay.quality import REASONS, REFERENCE, STANDARD, flaws_of
from csc_dspy.signatures import ROLE_PLAY_CRITERIA

MANUAL = (Path(__file__).parents[3] / "docs" / "roleplay-quality.md").read_text(encoding="utf-8")
NUMBERS = {"three": 3, "four": 4}


def section(title: str) -> str:
    return MANUAL.split(f"\n## {title}\n")[1].split("\n## ")[0]


def named_in_table(title: str) -> set[str]:
    """What stands as code in the first column."""
    cells = re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE)
    return set(re.findall(r"`([\w.]+)`", "".join(cells)))


def test_every_reason_is_told_of() -> None:
    told = named_in_table("The checks")
    judged = {each.id for each in ROLE_PLAY_CRITERIA}
    assert told == set(REASONS) - judged - {"unjudged", "near_duplicate"}
    assert judged <= set(re.findall(r"`(\w+)`", section("The judge")))
    assert "`near_duplicate`" in section("What is new")


def test_the_thresholds_are_those_in_force() -> None:
    checks = section("The checks")
    assert (
        f"fewer than {STANDARD.fewest_turns} turns, or more than the play allows ({STANDARD.most_turns})"
        in checks
    )
    assert f"more than {STANDARD.longest_turn} characters" in checks
    said = re.search(r"the same sentence (\w+) times \|\n.*begins (\w+) turns alike", checks)
    assert said is not None
    assert (NUMBERS[said[1]], NUMBERS[said[2]]) == (STANDARD.same_sentence, STANDARD.same_pattern)
    assert f"{THRESHOLD:.0%}".replace("%", " %") in section("What is new")


def test_so_many_of_the_samples_are_rejected() -> None:
    known = [*csc.read("rolecs-sample"), *csc.read("csconv-sample", split="dev")]
    assert not [each.id for each in known if flaws_of(each, REFERENCE)]
    strict = [flaw.reason for each in known for flaw in flaws_of(each)]
    assert strict == ["running"] * 5
    assert "5 of the 110" in MANUAL


def test_every_file_is_told_of() -> None:
    told = named_in_table("The folder")
    files = {value for key, value in vars(names).items() if key.isupper() and key != "KIND"}
    assert told == files


def test_the_example_of_the_checks_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    exec(compile(example, "roleplay-quality.md", "exec"), {"csc": csc})


def test_the_commands_of_show_are_there() -> None:
    from csc_dspy.cli.roleplay_show import command

    given = set(re.findall(r"--[a-z]+", section("Reading conversations")))
    assert given <= {option for each in command.params for option in each.opts}
