"""``csc.train``: from rows to a model, by whatever trains the language model that is named."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.finetuning.training._base import Estimate, Server, Told, silent
from csc_dspy.finetuning.training.data import TrainingData, open_data
from csc_dspy.finetuning.training.result import Trained, require_place, write_result

if TYPE_CHECKING:
    from csc_dspy.finetuning.huggingface import HFOptions
    from csc_dspy.lm.specs import Route

_HYPERPARAMETERS: Final = {
    "epochs": "n_epochs",
    "batch_size": "batch_size",
    "learning_rate": "learning_rate_multiplier",
}
"""What the same options are called at OpenAI-compatible servers."""
_USUAL_EPOCHS: Final = 3
"""Passes over the rows that are reckoned with, where the server chooses."""


def train(  # noqa: PLR0913  as the command line has it: each option by its name
    data: str | Path,
    *,
    lm: str = "embedded",
    out: str | Path,
    seed: int = 0,
    resume: bool = False,
    job: str | None = None,
    options: Mapping[str, Any] | None = None,
    server: Server | None = None,
    told: Told = silent,
) -> Trained:
    """Train a language model on rows, and write what came of it to ``out``.

    Args:
        data: An export folder (``csc-dspy export --format openai``), or a JSONL file of chat messages.
        lm: ``embedded``, ``openai/MODEL`` or another hosted model, or ``hf:PATH_OR_NAME``.
        out: The folder of the result; it appears when there is a model.
        seed: Of everything random.
        resume: Go on with an interrupted training into ``out``; nothing is uploaded or created twice.
        job: Of a hosted model, a job that is there already: it is waited for.
        options: Those of the training: for ``hf:`` the fields of ``HFOptions``, for hosted models
            hyperparameters (``epochs``, ``batch_size``, ``learning_rate`` as a multiplier, others as the
            server has them); the embedded engine has none.
        server: Address, key file and patience for a hosted model.
        told: Hears of the progress.

    Raises:
        ConfigError, DataError: What is asked for does not fit together, or the rows cannot be learned from.
        LMError: The server refuses, or the job has failed.
    """
    made = prepare_training(data, lm=lm, seed=seed, job=job, options=options, server=server)
    return made.carry_out(Path(out), resume=resume, told=told)


@dataclass(frozen=True, kw_only=True)
class Training:
    """A training that is ready to be carried out; make one with `prepare_training`."""

    data: Path
    way: Route
    seed: int
    job: str | None
    options: Mapping[str, Any]
    server: Server = field(default_factory=Server)

    @cached_property
    def rows(self) -> TrainingData:
        """What is trained on."""
        return open_data(self.data)

    def carry_out(self, out: Path, *, resume: bool = False, told: Told = silent) -> Trained:
        """Train; see `train`."""
        if self.way.kind == "local":
            return self._by_hugging_face(out, resume=resume, told=told)
        begun = time.perf_counter()
        require_place(out)
        more: dict[str, Any] = {}
        if self.way.kind == "embedded":
            from csc_dspy.finetuning.training.embedded import train_embedded

            model, rows = train_embedded(self.rows, seed=self.seed, told=told)
        else:
            model, rows, done = self._hosted().train(self.rows, out, resume=resume, told=told)
            more = {"job": done.id, "trained_tokens": done.trained_tokens}
        trained = Trained(
            model=model,
            base=self.way.spec,
            rows=rows,
            seed=self.seed,
            data=self.rows.to_dict(),
            options=self.options,
            seconds=round(time.perf_counter() - begun, 3),
            more=more,
        )
        write_result(trained, out)
        return trained

    def estimate(self, price: float | None = None) -> Estimate:
        """Rows, tokens and cost; ``price`` is in US dollars for a million tokens trained on."""
        from csc_dspy.programs.history import estimated_tokens

        rows = tokens = 0
        for row in self.rows.rows():
            rows += 1
            tokens += sum(estimated_tokens(message["content"]) for message in row["messages"])
        passes = 1 if self.way.kind == "embedded" else self._passes
        usd = 0.0 if self.way.kind == "embedded" else None if price is None else passes * tokens * price / 1e6
        return Estimate(
            base=self.way.spec,
            rows=rows,
            tokens=tokens,
            trained_tokens=round(passes * tokens),
            usd=usd,
            options=self.options,
        )

    @property
    def _passes(self) -> float:
        given = self.options.get("epochs", self.options.get("n_epochs"))
        return float(given) if isinstance(given, int | float) else _USUAL_EPOCHS

    def _hosted(self) -> Any:  # noqa: ANN401  a class that needs aiohttp
        from csc_dspy.finetuning.training.hosted import Hosted

        named = {_HYPERPARAMETERS.get(name, name): value for name, value in self.options.items()}
        return Hosted(way=self.way, server=self.server, seed=self.seed, hyperparameters=named, job=self.job)

    def hugging_face_options(self) -> HFOptions:
        """The options of a training by transformers; ConfigError for one that it does not know."""
        from dataclasses import fields

        from csc_dspy.finetuning.huggingface import HFOptions

        _require_known(self.options, [each.name for each in fields(HFOptions)], self.way)
        return HFOptions(**{**self.options, "seed": self.seed})

    def _by_hugging_face(self, out: Path, *, resume: bool, told: Told) -> Trained:
        from csc_dspy.finetuning.huggingface import Progress
        from csc_dspy.finetuning.huggingface import train as train_hugging_face

        def tell(so_far: Progress) -> None:
            loss = {} if so_far.loss is None else {"loss": f"{so_far.loss:.3f}"}
            told(0, step=f"{so_far.step}/{so_far.steps}", **loss)

        options = self.hugging_face_options()
        found = train_hugging_face(self.data, self.way.model, out, options, resume=resume, told=tell)
        more = ("tokens", "left_out", "steps", "losses", "validation_loss", "device")
        return Trained(
            model=found.model,
            base=self.way.spec,
            rows=found.rows,
            seed=self.seed,
            data=self.rows.to_dict(),
            options=options.to_dict(),
            seconds=found.seconds,
            more={name: getattr(found, name) for name in more},
        )


def prepare_training(
    data: str | Path,
    *,
    lm: str = "embedded",
    seed: int = 0,
    job: str | None = None,
    options: Mapping[str, Any] | None = None,
    server: Server | None = None,
) -> Training:
    """Look at everything that can be wrong before anything is done; see `train`."""
    from csc_dspy.lm.specs import route

    server = server or Server()
    way = route(lm, server.api_base)
    chosen = {name: value for name, value in (options or {}).items() if value is not None}
    if way.kind == "embedded":
        if way.spec != way.provider:
            raise ConfigError(
                "a fine-tuned model is begun anew, not trained further",
                where=f"--lm {lm}",
                remedy="give --lm embedded",
            )
        _require_known(chosen, [], way)
    if way.kind in {"lm15", "litellm"}:
        raise ConfigError(
            "cannot be fine-tuned from here",
            where=f"--lm {lm}",
            remedy="give embedded, a model of an OpenAI-compatible server, or hf:PATH_OR_NAME",
        )
    if job is not None and way.kind != "hosted":
        raise ConfigError("only hosted models have jobs", where="--job", remedy="leave it out")
    return Training(data=Path(data), way=way, seed=seed, job=job, options=chosen, server=server)


def _require_known(options: Mapping[str, Any], known: list[str], way: Route) -> None:
    for name in options:
        if name not in known:
            raise ConfigError(
                f"training it has no option {name!r}",
                where=f"--lm {way.spec}",
                remedy=f"there are {', '.join(known)}" if known else "leave it out",
            )
