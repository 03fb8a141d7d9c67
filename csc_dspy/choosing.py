"""The program that a user names, in the language that each conversation needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from csc_dspy.compiled import PROGRAM_FILE, ByLanguage, load
from csc_dspy.compiled.finding import packaged_artifact
from csc_dspy.conversations import Conversation
from csc_dspy.exceptions import ConfigError
from csc_dspy.journal import content_key
from csc_dspy.lm.in_force import embedded_model
from csc_dspy.lm.specs import EMBEDDED
from csc_dspy.programs import PROGRAMS, Options, Program, create
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy


class Programs:
    """The program asked for, in the language of each conversation.

    ``program`` is a registered name, the folder or file of a compiled program, or a program. The last two
    bring their language and all other options with them; those given here stand in for what can be changed
    in a compiled program afterwards.

    A registered name means the program that comes with the package, compiled for ``lm``; where there is none
    for that language model, or with ``uncompiled``, the bare one. Demonstrations that suit one language model
    can be far too many for another, which takes them by the token.

    A compiled program whose model was fine-tuned from the embedded engine asks that model where ``lm`` is the
    embedded engine itself.
    """

    def __init__(
        self,
        program: str | Program,
        *,
        taxonomy: Taxonomy | None = None,
        language: Language | None = None,
        unlabelled: Literal["classify", "unknown"] | None = None,
        history_tokens: int | None = None,
        lm: str | None = None,
        uncompiled: bool = False,
    ) -> None:
        self.name = program if isinstance(program, str) else program.name
        self.language = language
        given = {"taxonomy": taxonomy, "unlabelled": unlabelled, "history_tokens": history_tokens}
        self._chosen: dict[str, Any] = {option: value for option, value in given.items() if value is not None}
        self._lm = None if uncompiled else lm
        self._made: dict[Language, Program] = {}
        self._answering: dict[Language, Program] = {}
        found = program if isinstance(program, Program) else _compiled(program, language, self._chosen)
        if isinstance(found, ByLanguage):
            self._made.update({each: found.in_language(each) for each in LANGUAGES})
        self._fixed = None if isinstance(found, ByLanguage) else found
        self.options = found.options if found else Options(**self._chosen)

    @property
    def identity(self) -> dict[str, Any]:
        """What answers depend on besides the conversation and the language model."""
        return {
            "program": self.name,
            "content": self._content(),
            "language": self.language,
            "taxonomy": self.options.taxonomy.fingerprint,
            "unlabelled": self.options.unlabelled,
            "history-tokens": self.options.history_tokens,
            "own-lm": self.lm,
        }

    def for_conversation(self, conversation: Conversation) -> Program:
        """The program for a conversation."""
        return self.in_language(self.language or conversation.spoken_language)

    def in_language(self, language: Language) -> Program:
        """The program whose prompts are in ``language``, where it can be chosen."""
        if language not in self._answering:
            self._answering[language] = self._asking_its_own(self._found(language))
        return self._answering[language]

    def _found(self, language: Language) -> Program:
        if self._fixed is not None:
            return self._fixed
        if language not in self._made:
            self._made[language] = self._packaged(language) or create(
                self.name, replace(self.options, language=language)
            )
        return self._made[language]

    @property
    def lm(self) -> str | None:
        """The language model that is asked instead of the one in force, if there is one."""
        programs = [self._fixed] if self._fixed else [*self._made.values()]
        return " and ".join(sorted({own for each in programs if (own := self._own_lm(each))})) or None

    def _asking_its_own(self, program: Program) -> Program:
        """The program, or a copy that asks the model that was fine-tuned for it."""
        own = self._own_lm(program)
        if own is None:
            return program
        bound: Program = program.deepcopy()
        bound.set_lm(embedded_model(own))
        return bound

    def _own_lm(self, program: Program) -> str | None:
        own = program.compiled_for
        return own if self._lm == EMBEDDED and own and own.startswith(f"{EMBEDDED}/") else None

    def _packaged(self, language: Language) -> Program | None:
        artifact = self._lm and packaged_artifact(self.name, language, self.options.taxonomy)
        if not artifact or artifact.lm != self._lm:
            return None
        program = artifact.program(self.options.taxonomy)
        program.options = replace(program.options, **self._chosen)
        return program

    def _content(self) -> str | None:
        """A hash of what was compiled; None for bare programs."""
        if self._fixed is not None:
            return content_key(self._fixed.dump_state())
        programs = [self._found(each) for each in LANGUAGES]
        compiled = [each.dump_state() for each in programs if each.compiled_for is not None]
        return content_key(compiled) if compiled else None


def _compiled(name: str, language: Language | None, chosen: dict[str, Any]) -> Program | None:
    """The compiled program of that name; None if it is a registered name."""
    if name in PROGRAMS:
        return None
    path = Path(name).expanduser()
    if not (path.is_dir() or path.name == PROGRAM_FILE or len(path.parts) > 1):
        # Says which names there are.
        return create(name)
    program = load(name, taxonomy=chosen.get("taxonomy"))
    if not isinstance(program, ByLanguage) and language not in {None, program.options.language}:
        raise ConfigError(
            f"was compiled for prompts in {program.options.language!r}, not {language!r}",
            where=name,
            remedy="leave out --language",
        )
    for each in [program, *(program.programs.values() if isinstance(program, ByLanguage) else ())]:
        each.options = replace(each.options, **chosen)
    return program
