"""``csc-dspy``: the table of its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from csc_dspy import __version__
from csc_dspy.cli.commands import LazyGroup
from csc_dspy.cli.global_options import GLOBAL_OPTIONS
from csc_dspy.cli.running import PROGRAM, run

app = LazyGroup(
    PROGRAM,
    {
        "demo": ("csc_dspy.cli.demo:command", "Compile and evaluate the support agent on the samples."),
        "chat": ("csc_dspy.cli.chat:command", "Talk to a program in the terminal."),
        "reply": ("csc_dspy.cli.reply:command", "Write the supporter's next turn for conversations."),
        "evaluate": (
            "csc_dspy.cli.evaluate:command",
            "Score a program, or predictions, on labelled conversations.",
        ),
        "compile": ("csc_dspy.cli.compile:command", "Make a program better by what an optimizer finds."),
        "export": (
            "csc_dspy.cli.export:command",
            "Write fine-tuning data: what a program asks, and the answers.",
        ),
        "train": ("csc_dspy.cli.train:command", "Train a language model on exported rows."),
        "sweep": (
            "csc_dspy.cli.sweep:command",
            "Search for the best way to build and compile a program.",
        ),
        "roleplay": ("csc_dspy.cli.roleplay:command", "Make training conversations by role play."),
        "rewrite": ("csc_dspy.cli.rewrite:command", "Make conversations out of raw transcripts."),
        "artifacts": ("csc_dspy.cli.artifacts:group", "Look at compiled programs, check and compare them."),
        "data": ("csc_dspy.cli.data:group", "Look into conversations, check, convert and split them."),
        "doctor": (
            "csc_dspy.cli.doctor:command",
            "Find out what is not as it should be, and how to mend it.",
        ),
        "completion": ("csc_dspy.cli.completion:command", "Print the completion script of a shell."),
    },
    params=list(GLOBAL_OPTIONS),
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Customer support conversation as DSPy programs, in Chinese and English.",
)
click.version_option(__version__, prog_name=PROGRAM)(app)


def main(args: Sequence[str] | None = None) -> int:
    """Run the program with ``args``, or those of the process, and return its exit code."""
    return run(app, sys.argv[1:] if args is None else args)
