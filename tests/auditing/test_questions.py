"""The classifier of an audit looks at what the strategy classifier is asked with."""

from __future__ import annotations

from csc_dspy.auditing.gathering import fields_of
from csc_dspy.auditing.rules import places
from csc_dspy.data import read
from csc_dspy.programs import StrategyClassifier
from csc_dspy.programs.options import Options
from csc_dspy.programs.teaching import lessons, training_examples
from csc_dspy.taxonomy import LANGUAGES


def test_the_same_fields_and_the_turns_left() -> None:
    for language in LANGUAGES:
        program = StrategyClassifier(Options(language=language))
        conversations = [*iter(read("csconv-sample:dev", language=language))][:2]
        asked = [
            dict(lesson.inputs)
            for example in training_examples(program, conversations)
            for lesson in lessons(program, example)
        ]
        mine = [fields_of(each, index, place) for each in conversations for index, place in places(each)]
        assert [{name: each[name] for name in ("conversation", "turn")} for each in mine] == asked
        assert mine[-1]["turns_left"] == "0"
