"""``csc-dspy artifacts``: the table of its commands."""

from __future__ import annotations

from csc_dspy.cli.commands import LazyGroup

group = LazyGroup(
    "artifacts",
    {
        "list": ("csc_dspy.cli.artifacts.list:command", "List compiled programs."),
        "show": ("csc_dspy.cli.artifacts.show:command", "Tell what is in a compiled program."),
        "verify": ("csc_dspy.cli.artifacts.verify:command", "Find compiled programs that cannot be used."),
        "diff": ("csc_dspy.cli.artifacts.diff:command", "Tell what sets two compiled programs apart."),
    },
    help="Look at compiled programs, check and compare them.",
)
