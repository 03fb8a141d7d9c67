"""Fine-tuning a model of Hugging Face's on rows that were exported; see `train`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csc_dspy.files import atomic_folder, require_replaceable
from csc_dspy.finetuning.huggingface.base import Base, find_base
from csc_dspy.finetuning.huggingface.estimate import device_name, steps
from csc_dspy.finetuning.huggingface.lessons import Data, find_data
from csc_dspy.finetuning.huggingface.options import HFOptions
from csc_dspy.finetuning.huggingface.result import FORMAT, KIND, Progress, Trained, left_out, read_manifest
from csc_dspy.finetuning.huggingface.run import Run, opened, run_folder
from csc_dspy.finetuning.huggingface.saving import hash_of, save_manifest, save_weights
from csc_dspy.finetuning.huggingface.tokens import Lengths, Measure, read_rows, token_rows, write_rows
from csc_dspy.finetuning.huggingface.trainer import tells, trainer
from csc_dspy.finetuning.huggingface.trouble import told_in_one_line
from csc_dspy.huggingface.libraries import TRAINING, best_device, quiet, require
from csc_dspy.journal import content_key
from csc_dspy.lm.specs import LOCAL

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import Trainer


def train(
    data: Path,
    base: str,
    out: Path,
    options: HFOptions | None = None,
    *,
    resume: bool = False,
    told: Callable[[Progress], object] = lambda _: None,
) -> Trained:
    """Fine-tune ``base``, a folder or a name on the hub, on the rows of an export; ``out`` appears in whole.

    Only answers are learned, and in a conversation only the last one. Rows that are too long are left out and
    counted. Pairs of answers are learned by DPO. What a kill or Ctrl-C interrupts goes on from its last
    checkpoint with ``resume``. Raises a CSCError for everything that a user can mend.
    """
    require(TRAINING, f"--lm {LOCAL}{base}")
    require_replaceable(out, lambda folder: bool(read_manifest(folder)), "a trained model")
    options = options or HFOptions()
    files, model = find_data(data), find_base(base, options)
    plan = _Plan(files, model, out, options)
    if resume and not run_folder(out).exists() and read_manifest(out).get("fingerprint") == plan.fingerprint:
        return Trained.read(out, plan.spec)
    with opened(out, plan.identity, resume=resume) as run, told_in_one_line(plan.where, str(out)), _hushed():
        trained = plan.carried_out(run, told)
        run.remove()
    return trained


@dataclass(frozen=True)
class _Plan:
    """A training that is about to be done, or taken up again."""

    files: Data
    base: Base
    out: Path
    options: HFOptions

    @property
    def where(self) -> str:
        return f"--lm {LOCAL}{self.base.name}"

    @property
    def spec(self) -> str:
        return f"{LOCAL}{self.out}"

    @property
    def identity(self) -> dict[str, Any]:
        """What the result depends on."""
        return {
            "base model": self.base.checkpoint.identity,
            "rows": {file.name: hash_of(file) for file in self.files.files},
            "options": {**self.options.to_dict(), "chat_template": self.base.chat.tokenizer.chat_template},
        }

    @property
    def fingerprint(self) -> str:
        return content_key(self.identity)

    def carried_out(self, run: Run, told: Callable[[Progress], object]) -> Trained:
        begun = time.monotonic()
        lengths = self._lengths(run)
        count = steps(lengths.rows, self.options)
        rows, validation = self._rows(run)
        learning = trainer(self.base, self.options, rows, validation, run.checkpoints, count)
        learning.add_callback(tells(told))
        _without_printing(learning)
        checkpoint = run.last_checkpoint()
        learning.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        found = self._figures(learning, lengths, evaluates=validation is not None)
        found["seconds"] = round(time.monotonic() - begun, 3)
        with atomic_folder(self.out) as folder:
            save_weights(learning, self.base, folder)
            save_manifest(folder, self._manifest(found))
        return Trained.read(self.out, self.spec)

    def _lengths(self, run: Run) -> Lengths:
        """Turn the rows into tokens, unless an earlier process has, and measure them."""
        for part, file in (("train", self.files.train), ("validation", self.files.validation)):
            if file is None or part in run.journal:
                continue
            measure = Measure(self.options.max_length, str(file))
            write_rows(measure.passing(token_rows(file, self.base.chat)), run.rows(part))
            run.journal.record(part, measure.lengths.to_dict())
        return Lengths(**run.journal.get("train"))

    def _rows(self, run: Run) -> tuple[Dataset, Dataset | None]:
        validation = read_rows(run.rows("validation")) if self.files.validation else None
        return read_rows(run.rows("train")), validation

    def _figures(self, learning: Trainer, lengths: Lengths, *, evaluates: bool) -> dict[str, Any]:
        history = learning.state.log_history
        return {
            "rows": lengths.rows,
            "tokens": lengths.total,
            "left_out": left_out(lengths, self.options.max_length),
            "steps": learning.state.global_step,
            "losses": {entry["step"]: round(entry["loss"], 6) for entry in history if "loss" in entry},
            "validation_loss": learning.evaluate()["eval_loss"] if evaluates else None,
            "device": device_name(best_device()),
            "pairs": lengths.pairs,
        }

    def _manifest(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "kind": KIND,
            "model": f"{LOCAL}{self.out.resolve().name}",
            "form": "full" if self.options.full else "adapter",
            "base": self.base.told,
            "base_identity": self.base.checkpoint.identity,
            "seed": self.options.seed,
            "data": _told_of(self.files),
            "options": self.options.to_dict(),
            "fingerprint": self.fingerprint,
            **figures,
        }


def _told_of(files: Data) -> dict[str, Any]:
    """The data in words: those of the export's manifest, where there is one."""
    told: dict[str, Any] = {}
    if files.folder is not None and (files.folder / "manifest.json").is_file():
        read = json.loads((files.folder / "manifest.json").read_text(encoding="utf-8"))
        told = {name: read[name] for name in ("program", "language", "tasks", "fingerprint") if name in read}
    return {**told, "files": {file.name: hash_of(file) for file in files.files}}


def _without_printing(learning: Trainer) -> None:
    from transformers import PrinterCallback

    learning.remove_callback(PrinterCallback)


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep the libraries from writing where answers go, and from telling what users cannot change."""
    with quiet(), redirect_stdout(sys.stderr):
        yield
