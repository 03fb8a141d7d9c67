"""Coverage, against figures counted by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from csc_dspy.roleplay.profiles import coverage, generate, seeds


def test_one_field_counted_by_hand() -> None:
    base = next(generate(1, "en"))
    skills = ["low", "low", "good", "expert", "of the third kind", ""]
    found = coverage(replace(base, digital_skill=each) for each in skills)
    field = found.fields["digital_skill"]
    assert found.profiles == 6
    assert (field.values, field.seen, field.other, field.unknown) == (4, 3, 1, 1)
    assert field.missing == ("basic",)
    assert field.share == 0.75
    entropy = -(0.5 * math.log(0.5) + 2 * 0.25 * math.log(0.25))
    assert field.evenness == pytest.approx(entropy / math.log(4))
    # The vocabulary wants 2, 3, 4 and 1 of ten.
    wanted = {"low": 0.2, "basic": 0.3, "good": 0.4, "expert": 0.1}
    seen = {"low": 0.5, "basic": 0.0, "good": 0.25, "expert": 0.25}
    assert field.off_target == pytest.approx(sum(abs(wanted[each] - seen[each]) for each in wanted) / 2)


def test_pairs_counted_by_hand() -> None:
    base = next(generate(1, "zh"))
    pairs = [("较低", "电话热线"), ("较低", "回电"), ("较低", "回电"), ("精通", "电话热线"), ("", "回电")]
    found = coverage(replace(base, digital_skill=skill, channel=channel) for skill, channel in pairs)
    pair = found.pairs["digital_skill+channel"]
    # Four skills and seven channels; low skill uses none of four of these.
    assert (pair.possible, pair.seen) == (28 - 4, 3)


def test_a_pair_that_excludes_itself_is_not_covered() -> None:
    base = next(generate(1, "en"))
    found = coverage([replace(base, digital_skill="low", channel="chat in the app")])
    assert found.pairs["digital_skill+channel"].seen == 0


def test_generated_profiles_cover_everything() -> None:
    found = coverage(generate(2000, "en"))
    assert all(each.share == 1 for each in found.fields.values())
    assert all(each.off_target < 0.02 for each in found.fields.values())
    assert min(each.share for each in found.pairs.values()) > 0.7


def test_both_languages_are_one() -> None:
    mixed = coverage([*seeds("zh"), *seeds("en")])
    assert mixed.profiles == 200
    assert mixed.fields["temper"].other == 0
    json.dumps(mixed.to_dict(), allow_nan=False)


def test_nothing_is_covered_by_nothing() -> None:
    found = coverage([])
    assert found.profiles == 0
    assert {each.share for each in found.fields.values()} == {0}
    json.dumps(found.to_dict(), allow_nan=False)
