"""The adapter that DSPy's optimizers ask through.

All their calls pass here, those for answers and those for proposals. So here is where errors that last are
seen, and where proposed instructions are held to the locale lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dspy

from csc_dspy.exceptions import AnswerError
from csc_dspy.lm.adapter import Adapter, Values

from ..locale import TOLD, LocaleLock, restatement
from .dspy_watch import Watch

_INSTRUCTION: Final = ("proposed_instruction", "new_instruction")
"""What MIPROv2, COPRO and GEPA call the instruction that they want proposed."""
_ADVICE: Final = "module_advice"
"""What SIMBA calls the rules that it wants, by the predictor that they are for."""
_PREFIX: Final = "proposed_prefix_for_output_field"
"""COPRO wants a prefix too. Our prompts show none."""

Options = Mapping[str, Any]
Inputs = Mapping[str, Any]


class OptimizerAdapter(Adapter):
    """Our adapter, for the length of an optimizer's work."""

    def __init__(self, watch: Watch, lock: LocaleLock) -> None:
        super().__init__()
        self._watch = watch
        self._lock = lock

    def __call__(
        self,
        lm: dspy.LM,
        lm_kwargs: Options,
        signature: type[dspy.Signature],
        demos: Sequence[Mapping[str, Any]],
        inputs: Inputs,
    ) -> list[Values]:
        """The output values, once for each generation asked for."""
        wanted = next((name for name in _INSTRUCTION if name in signature.output_fields), None)
        if wanted is None and _ADVICE not in signature.output_fields:
            with self._watch.call():
                return super().__call__(lm, lm_kwargs, signature, demos, inputs)
        proposals = self._proposals(lm, lm_kwargs, self._told(signature), inputs)
        if wanted is None:
            return [self._advice(lm, values) for values in proposals]
        return self._instructions(lm, proposals, wanted, _before(inputs))

    def _told(self, signature: type[dspy.Signature]) -> type[dspy.Signature]:
        """What a proposer is asked, with the language it has to keep to."""
        told = signature.with_instructions(f"{signature.instructions}\n\n{TOLD[self._lock.language]}")
        return told.delete(_PREFIX) if _PREFIX in told.output_fields else told

    def _proposals(
        self, lm: dspy.LM, options: Options, signature: type[dspy.Signature], inputs: Inputs
    ) -> list[Values]:
        """What is proposed; nothing where it cannot be read."""
        single = {name: value for name, value in options.items() if name != "n"}
        made: list[Values] = []
        for generation in range(int(options.get("n") or 1)):
            # Each is a call of its own, so that one that cannot be read does not take the others along.
            seed = {} if generation == 0 else {"seed": generation}
            try:
                with self._watch.call():
                    made += super().__call__(lm, {**single, **seed}, signature, [], inputs)
            except AnswerError:
                continue
        return made

    def _instructions(self, lm: dspy.LM, proposals: list[Values], name: str, before: str) -> list[Values]:
        """Those that the lock lets pass, each once; the instruction before where there is none."""
        settled = [self._settled(lm, str(values[name]), before) for values in proposals]
        kept = list(dict.fromkeys(text for text in settled if text is not None)) or [before]
        return [{name: text, _PREFIX: ""} for text in kept]

    def _advice(self, lm: dspy.LM, values: Values) -> Values:
        advice = {module: self._settled(lm, str(text), "") for module, text in values[_ADVICE].items()}
        return {**values, _ADVICE: {module: text for module, text in advice.items() if text is not None}}

    def _settled(self, lm: dspy.LM, text: str, before: str) -> str | None:
        """A proposal that passes the lock; one in the wrong language is asked for once in the right one."""
        text = text.strip().strip('"').strip()
        flaw = self._lock.flaw(text, before)
        if flaw == "language":
            text = self._restated(lm, text)
            flaw = self._lock.flaw(text, before)
        return text if flaw is None else None

    def _restated(self, lm: dspy.LM, text: str) -> str:
        try:
            with self._watch.call():
                [values] = super().__call__(lm, {}, restatement(self._lock), [], {"instruction": text})
        except AnswerError:
            return ""
        return str(values["restated"]).strip()


def _before(inputs: Inputs) -> str:
    """The instruction that a better one is proposed for."""
    for name in ("basic_instruction", "current_instruction"):
        if name in inputs:
            return str(inputs[name])
    # COPRO lists instruction, prefix and score of each attempt, the best last.
    attempt = str(inputs["attempted_instructions"][-3])
    return attempt.partition(": ")[2]
