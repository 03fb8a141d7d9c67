"""``csc-dspy chat``: play the customer, or be advised as the supporter."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from csc_dspy.cli import commands, options
from csc_dspy.exceptions import ConfigError, CSCError, DataError

if TYPE_CHECKING:
    from csc_dspy.cli.chatting.screen import Screen
    from csc_dspy.cli.chatting.talk import Talk
    from csc_dspy.cli.connection import Connection
    from csc_dspy.taxonomy import Language

_HELP: Final = """\
Type what is said. Commands:
  /why             what speaks for the last answer
  /strategy NAME   decide the strategy of the next answer; alone it lists them
  /undo            take back the customer's last turn and what followed
  /save FILE       write the conversation to a file, for all other commands
  /help            this page
  /quit            end (Ctrl-D too)"""


@commands.command("chat")
@options.program()
@options.uncompiled()
@options.option(
    "--as",
    "role",
    type=options.choice("customer", "supporter"),
    default="customer",
    show_default=True,
    help="Whom you play. As the supporter you also type what the customer says, and get suggestions.",
)
@options.language()
@options.taxonomy()
@options.unlabelled()
@options.history_tokens()
@options.language_model()
def command(
    *,
    program: str,
    uncompiled: bool,
    role: Literal["customer", "supporter"],
    language: Language | None,
    taxonomy: str | None,
    unlabelled: Literal["classify", "unknown"] | None,
    history_tokens: int | None,
    connection: Connection,
) -> None:
    """Talk to a program in the terminal; each answer shows its stage and strategy before the text.

    Prompts are in English unless --language says otherwise. /help lists what else can be typed.
    """
    from rich.console import Console

    from csc_dspy.choosing import Programs
    from csc_dspy.cli.chatting.screen import Screen
    from csc_dspy.cli.chatting.talk import Talk
    from csc_dspy.programs import ResponseWriter, SupportAgent, SupportAgentJoint
    from csc_dspy.taxonomy import load_taxonomy

    found = Programs(
        program,
        taxonomy=load_taxonomy(taxonomy) if taxonomy else None,
        language=language,
        unlabelled=unlabelled,
        history_tokens=history_tokens,
        lm=connection.lm,
        uncompiled=uncompiled,
    ).in_language(language or "en")
    if not isinstance(found, ResponseWriter | SupportAgent | SupportAgentJoint):
        raise ConfigError(f"{program} writes no response", remedy="chat with support-agent, for one")
    _prepare_input()
    with connection.open():
        screen = Screen(Console(), found.options.language, found.options.taxonomy)
        _Chat(Talk(found), screen, role).run()


class _Chat:
    """Reads lines and does what they say."""

    def __init__(self, talk: Talk, screen: Screen, role: str) -> None:
        self._talk = talk
        self._screen = screen
        self._role = role
        self._commands: dict[str, Callable[[str], None]] = {
            "why": self._why,
            "strategy": self._strategy,
            "undo": self._undo,
            "save": self._save,
            "help": lambda _: screen.note(_HELP),
        }

    def run(self) -> None:
        """Until the input ends or /quit."""
        self._screen.note("/help lists what can be typed, /quit ends")
        while (line := _line("customer> ")) is not None and line != "/quit":
            if line.startswith("/"):
                self._command(line)
            elif line:
                self._turn(line)
        if line is None and sys.stdin.isatty():
            # Ctrl-D leaves the prompt's line unfinished.
            self._screen.note("")

    def _turn(self, text: str) -> None:
        try:
            self._talk.customer(text)
            self._screen.answer(self._talk.answers())
            if self._role == "supporter" and (own := _line("supporter (Enter takes it)> ")):
                self._talk.supporter(own)
            else:
                self._talk.accept()
        except CSCError as error:
            # The talk goes on: another try may work, and /save still can.
            self._talk.undo()
            self._screen.error(error)

    def _command(self, line: str) -> None:
        name, _, rest = line[1:].partition(" ")
        try:
            if name not in self._commands:
                raise DataError(f"no command is called /{name}", remedy="/help lists them")
            self._commands[name](rest.strip())
        except CSCError as error:
            self._screen.error(error)

    def _why(self, _: str) -> None:
        if self._talk.last is None:
            raise DataError("there is no answer yet", remedy="say something first")
        self._screen.why(self._talk.last, self._talk.conversation)

    def _strategy(self, label: str) -> None:
        if not label:
            self._screen.strategies()
            return
        self._screen.forced(self._talk.force(label))

    def _undo(self, _: str) -> None:
        self._talk.undo()
        self._screen.note(f"{len(self._talk.conversation.dialogue)} turns are left")

    def _save(self, path: str) -> None:
        if not path:
            raise DataError("/save needs a file name", remedy="/save talk.jsonl")
        self._talk.save(Path(path).expanduser())
        self._screen.note(f"{len(self._talk.conversation.dialogue)} turns saved to {path}")


def _prepare_input() -> None:
    """Let people edit what they type and call back what they typed; let no byte in a pipe end the chat."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  open to the end
    if sys.stdin.isatty():
        with suppress(ImportError):
            import readline  # noqa: F401  not everywhere; input() uses it where it has been imported
    elif isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")


def _line(prompt: str) -> str | None:
    """A line of input, or None when there is no more. The prompt is for people, not for pipes."""
    try:
        return input(prompt if sys.stdin.isatty() else "").strip()
    except EOFError:
        return None
