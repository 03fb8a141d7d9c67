"""``csc-dspy completion``: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from csc_dspy.cli import commands, options, output
from csc_dspy.cli.running import COMPLETION_VARIABLE, PROGRAM


# A shell runs this when it starts, in whatever folder: a settings file there is none of its business.
@commands.command("completion", reads_settings=False)
@options.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    For bash, put this line into ~/.bashrc: eval "$(csc-dspy completion bash)"
    """
    script = get_completion_class(shell)
    assert script is not None
    output.emit(script(ctx.find_root().command, {}, PROGRAM, COMPLETION_VARIABLE).source())
