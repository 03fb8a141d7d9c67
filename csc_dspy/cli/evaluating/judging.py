"""A language model judges whole conversations: ``evaluate --judge quality``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.cli import output
from csc_dspy.cli.evaluating.common import Common
from csc_dspy.cli.exits import ExitCode
from csc_dspy.cli.resuming import tell_what_is_kept
from csc_dspy.cli.streams import say

if TYPE_CHECKING:
    from csc_dspy.cli.connection import Connection
    from csc_dspy.cli.progress import Advance
    from csc_dspy.conversations import Conversation
    from csc_dspy.evaluation.agreement import Agreement, Estimate
    from csc_dspy.evaluation.judging import Judge, JudgeAgreement, Judged, Summary
    from csc_dspy.journal import Journal
    from csc_dspy.taxonomy import Language, Taxonomy

JUDGES: Final = ("quality", "role-play")
# Asked again at temperature 0, a language model would agree with itself whatever it says.
_TEMPERATURE_OF_TWO: Final = 0.7


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What is asked for."""

    judge: str
    labels: Path | None
    """Verdicts of people to hold the judge against."""
    twice: bool
    """Whether to judge a second time, and see how far the judge agrees with itself."""
    common: Common

    def carry_out(self, connection: Connection) -> ExitCode:
        """Judge, write what was found, and show how many conversations meet each criterion."""
        from csc_dspy.evaluation.judging import judge_agreement, labels_of, read_labels, summarise

        seed = self.common.seed
        judge = _judge(self.judge, self.common.standard, self.common.language)
        people = read_labels(self.labels, judge.criteria) if self.labels else None
        conversations = list(islice(self.common.to_judge(), self.common.limit))
        first, *again = self._judged(judge, conversations, connection)
        agreements: dict[str, JudgeAgreement] = {}
        if people is not None:
            agreements["people"] = judge_agreement(labels_of(first), people, seed=seed)
        for second in again:
            agreements["itself"] = judge_agreement(labels_of(first), labels_of(second), seed=seed)
        _tell(summarise(first, seed=seed), agreements, as_json=self.common.as_json)
        errors = [each.error for found in (first, *again) for each in found if each.error is not None]
        if not errors:
            return ExitCode.DONE
        say(f"{len(errors)} could not be judged, the first because: {errors[0]}")
        return ExitCode.FAILURES_RECORDED

    def _judged(
        self, judge: Judge, conversations: list[Conversation], connection: Connection
    ) -> list[list[Judged]]:
        """The results, once or twice."""
        from csc_dspy.evaluation.judging import Judging as Work

        out = self.common.out
        temperature = _TEMPERATURE_OF_TWO if self.twice and connection.temperature is None else None
        rollouts = (1, 2) if self.twice else (None,)
        run = {**Work(judge).identity, **connection.identity, "twice": self.twice}
        results: list[list[Judged]] = []
        with (
            connection.open(),
            _kept(out, run, resume=self.common.resume) as journal,
            output.progress("judging", total=len(rollouts) * len(conversations)) as advance,
        ):
            for rollout in rollouts:
                work = Work(judge, journal, rollout=rollout, temperature=temperature)
                results.append(_followed(work.judge_all(conversations, connection.concurrency), advance))
            if out is not None:
                _write(out, results)
            if journal is not None and not any(each.error for found in results for each in found):
                journal.remove()
        return results


def _followed(results: Iterable[Judged], advance: Advance) -> list[Judged]:
    """The results, while their progress is shown."""
    found: list[Judged] = []
    for each in results:
        found.append(each)
        advance(failed=sum(one.error is not None for one in found))
    return found


def _judge(name: str, taxonomy: Taxonomy | None, language: Language | None) -> Judge:
    from csc_dspy.evaluation.judging import QualityJudge, RolePlayJudge

    return (QualityJudge if name == "quality" else RolePlayJudge)(taxonomy, language)


@contextmanager
def _kept(out: Path | None, run: Mapping[str, Any], *, resume: bool) -> Iterator[Journal | None]:
    from csc_dspy.journal import unfinished

    if out is None:
        yield None
        return
    path = out.with_name(f".{out.name}.journal")
    with unfinished(path, run, resume=resume, result=out, told=tell_what_is_kept) as journal:
        yield journal


def _write(out: Path, results: list[list[Judged]]) -> None:
    from csc_dspy.files import atomic_writer

    with atomic_writer(out) as stream:
        for number, found in enumerate(results, 1):
            for each in found:
                again = {"judging": number} if len(results) > 1 else {}
                line = json.dumps({**each.row(), **again}, ensure_ascii=False)
                stream.write(f"{line}\n".encode("utf-8", "backslashreplace"))


def _tell(summary: Summary, agreements: Mapping[str, JudgeAgreement], *, as_json: bool) -> None:
    if as_json:
        compared = {name: each.to_dict() for name, each in agreements.items()}
        output.emit_json({**summary.to_dict(), "agreement": compared})
        return
    output.table(
        ("criterion", "met, %"),
        [
            *((name, interval(each)) for name, each in summary.criteria.items()),
            None,
            ("all of them", interval(summary.passed)),
        ],
        title=f"{summary.dialogues} dialogues",
    )
    for name, found in agreements.items():
        output.table(
            ("criterion", "dialogues", "agreement, %", "kappa", "alpha"),
            [_agreement_row(criterion, each) for criterion, each in found.criteria.items()],
            title=f"Agreement with {name}",
        )


def _agreement_row(name: str, each: Agreement) -> tuple[object, ...]:
    return (name, each.units, interval(each.percent), interval(each.kappa), interval(each.alpha))


def interval(estimate: Estimate) -> str:
    """An estimate with its bounds, for a table."""
    if estimate.value is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
