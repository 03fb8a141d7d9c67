"""``csc-dspy data``: the table of its commands."""

from __future__ import annotations

from csc_dspy.cli.commands import LazyGroup

group = LazyGroup(
    "data",
    {
        "info": ("csc_dspy.cli.data.info:command", "Tell what a source is: format, size, languages, labels."),
        "check": ("csc_dspy.cli.data.check:command", "Find the rows that cannot be used, and say why."),
        "stats": ("csc_dspy.cli.data.stats:command", "Count turns, stages and strategies."),
        "convert": ("csc_dspy.cli.data.convert:command", "Write conversations in another format."),
        "split": ("csc_dspy.cli.data.split:command", "Part conversations into train, dev and test."),
        "audit": ("csc_dspy.cli.data.audit:command", "Find doubtful labels, and clean a corpus of them."),
        "agree": ("csc_dspy.cli.data.agree:command", "Measure how far two annotators agree."),
    },
    help="Look into conversations, check, convert and split them.",
)
