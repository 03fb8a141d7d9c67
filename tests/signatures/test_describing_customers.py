"""The question for a description of a customer."""

from __future__ import annotations

import re

import pytest

from csc_dspy.signatures import describe_customer
from csc_dspy.taxonomy import LANGUAGES, Language

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_asked_in_its_language(language: Language) -> None:
    signature = describe_customer(language)
    assert list(signature.input_fields) == ["facts"]
    assert list(signature.output_fields) == ["description"]
    texts = [
        signature.instructions,
        *(each.json_schema_extra["desc"] for each in signature.fields.values()),
    ]
    assert all(bool(CHINESE.search(text)) == (language == "zh") for text in texts)
    assert ("“你”" if language == "zh" else "“You are …”") in signature.instructions
    assert describe_customer(language) is signature
