"""Fine-tuning on the way of a compilation: export, train, and go on with the model that comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError

if TYPE_CHECKING:
    import dspy

    from csc_dspy.finetuning.training import Told, Trained
    from csc_dspy.lm import Budget
    from csc_dspy.programs import Program
    from csc_dspy.taxonomy import Language

    from .compilation import Compilation
    from .holding_out import HeldOut
    from .models import Models
    from .runs import Run
    from .trials import Trial

_ROWS: Final = "rows"
_RESULT: Final = "training"
_MODEL: Final = "-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """How the language model is trained."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Those of `csc_dspy.finetuning.training.train`."""
    poll: float = 60.0
    """The most seconds between two looks at the job of a hosted model."""
    bare: bool = True
    """Whether the program is a registered name, so that there is one in each language."""

    @property
    def identity(self) -> dict[str, Any]:
        """What the result depends on."""
        return {"target": "finetune", "training": dict(self.options)}

    def train(self, made: Compilation, kept: Run, out: Path | None, told: Told) -> Trained:
        """Export what the program asks about the training dialogues, and train on it.

        The dialogues in other languages teach too: what is learned in one language helps in the other. What
        an earlier process has finished is taken as it is.
        """
        from csc_dspy.finetuning import export
        from csc_dspy.finetuning.training import Server, prepare_training, read_result

        rows, result = kept.folder / _ROWS, kept.folder / _RESULT
        if result.exists():
            return read_result(result)
        if not rows.exists():
            export(self._programs(made.program), train=made.train.whole, out=rows, seed=made.seed)
        options = made.models.options
        server = Server(
            api_base=options.get("api_base"),
            api_key_file=options.get("api_key_file"),
            timeout=options.get("timeout", Server().timeout),
            poll=self.poll,
        )
        training = prepare_training(
            rows, lm=made.models.spec, seed=made.seed, options=self.options, server=server
        )
        if training.way.kind == "local":
            # The model is in the folder, so that has to stay.
            result = _model_folder(out)
        return training.carry_out(result, resume=True, told=told)

    def held_out(self, made: Compilation) -> Sequence[HeldOut]:
        """The same training, but without some of the dialogues each time; of the embedded engine."""
        from csc_dspy.choosing import Programs

        from .holding_out import held_out_models

        programs = Programs(self._programs(made.program), language=self._only_language(made.program))
        return [*held_out_models(programs, made.train.whole, made.seed)]

    def _only_language(self, program: Program) -> Language | None:
        return None if self.bare else program.options.language

    def _programs(self, program: Program) -> Program:
        from csc_dspy.compiled import ByLanguage
        from csc_dspy.programs import create
        from csc_dspy.taxonomy import LANGUAGES

        if not self.bare:
            return program
        own = program.options.language
        others = {
            language: create(program.name, replace(program.options, language=language))
            for language in LANGUAGES
            if language != own
        }
        return ByLanguage({own: program, **others})


@dataclass(frozen=True, slots=True)
class Before:
    """How the program did with the language model as it was before it was fine-tuned."""

    trial: Trial
    lm: dspy.LM


@contextmanager
def tuned(
    made: Compilation,
    kept: Run,
    budget: Budget,
    *,
    out: Path | None,
    concurrency: int,
    told: Callable[[Trial], None],
    trained: Told,
) -> Iterator[tuple[Compilation, Before, Trained]]:
    """Score the program as it is, fine-tune, and hand over the same compilation for the new model."""
    import dspy

    from csc_dspy.lm import connect

    from .trials import Trials
    from .work import AS_IT_WAS

    assert made.tuning is not None
    with made.models.open(budget, kept.record):
        trials = Trials(
            made.dev.conversations,
            made.objective,
            journal=kept.trials,
            concurrency=concurrency,
            told=told,
            lm=made.models.spec,
        )
        trial = trials.trial(made.program, AS_IT_WAS)
        found = made.tuning.train(made, kept, out, trained)
        models = replace(made.models, lm=found.model)
        # The embedded engine is free: to ask it once more is beyond the limits of the run.
        lm = connect(made.models.spec) if made.models.embedded else dspy.settings.lm
        yield replace(made, models=models), Before(trial, lm), found


def require_tunable(models: Models, options: Mapping[str, Any]) -> None:
    """ConfigError for a language model that cannot be fine-tuned by its name, or not with these options."""
    from csc_dspy.finetuning.training import Server, prepare_training

    if not isinstance(models.lm, str):
        raise ConfigError("is a language model, not its name", where="lm", remedy="give it as a spec")
    base = None if models.embedded else models.options.get("api_base")
    prepare_training("", lm=models.lm, options=options, server=Server(api_base=base))


def _model_folder(out: Path | None) -> Path:
    if out is None:
        raise ConfigError("needs a place for the model", where="--lm hf:", remedy="give --out FOLDER")
    return out.with_name(f"{out.name}{_MODEL}")
