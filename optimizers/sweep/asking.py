"""What all trials of a sweep are asked, and what they are scored by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .objectives import Goals, goals, of_text
from .scoring import Answers, Course

if TYPE_CHECKING:
    from csc_dspy.programs import Program

    from .connections import Connected
    from .settings import Settings


def course(settings: Settings) -> Course:
    """The turns of dev in the order of a sweep."""
    judged = settings.data[1].conversations
    return Course(judged, judged[0].taxonomy, settings.seed)


def answers_of(
    program: Program,
    settings: Settings,
    course: Course,
    concurrency: int,
    *,
    spent_is_wrong: bool = False,
) -> Answers:
    """The answers of a trial's program, not begun."""
    whole = settings.costs or of_text(settings.objectives, settings.weights)
    return Answers(program, course, whole=whole, concurrency=concurrency, spent_is_wrong=spent_is_wrong)


def goals_of(program: Program, connected: Connected, settings: Settings, course: Course) -> Goals:
    """What a trial's program is scored by."""
    return goals(
        settings.objectives,
        settings.constraints,
        settings.weights,
        program,
        course.examples,
        connected.price,
    )
