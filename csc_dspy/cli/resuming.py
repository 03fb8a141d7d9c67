"""What is said about runs that can be taken up again."""

from __future__ import annotations

from csc_dspy.cli.streams import say


def tell_what_is_kept(entries: int) -> None:
    """Say on stderr that an interrupted run is not lost."""
    say(f"{entries} answers are kept, --resume goes on from there")
