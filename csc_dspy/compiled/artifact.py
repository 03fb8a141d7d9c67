"""An artifact on disk: what its manifest says, whether its files are those that were written, its program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from csc_dspy.compiled.fit import changes, described_signatures
from csc_dspy.compiled.manifest import (
    PROGRAM_FILE,
    SCORES_FILE,
    how_to_recompile,
    read_json,
    read_manifest,
    sha256,
)
from csc_dspy.compiled.packing import unpacked
from csc_dspy.exceptions import ArtifactError
from csc_dspy.programs import Options, Program, create
from csc_dspy.signatures import Shown
from csc_dspy.taxonomy import BUILT_IN, Taxonomy, load_taxonomy

_PICKLES: Final = (".pkl", ".pickle", ".cloudpickle")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A folder that `save` wrote. Nothing but the manifest is read before it is asked for."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def program_name(self) -> str:
        """The registered name of its program."""
        return str(self.manifest["program"])

    @property
    def language(self) -> str:
        """The language of its prompts."""
        return str(self.manifest["options"].get("language"))

    @property
    def lm(self) -> str | None:
        """The language model that it was compiled for, if that is known."""
        lm = self.manifest.get("lm")
        return lm if isinstance(lm, str) else None

    @property
    def partial(self) -> bool:
        """Whether its compilation was ended before it was done."""
        return self.manifest.get("partial") is True

    @property
    def content(self) -> str:
        """A hash that tells artifacts with different programs apart."""
        return str(self.manifest["files"].get(PROGRAM_FILE))

    def scores(self) -> dict[str, Any] | None:
        """What ``scores.json`` says; None where there is none."""
        return read_json(self.folder / SCORES_FILE) if SCORES_FILE in self.manifest["files"] else None

    def state(self) -> dict[str, Any]:
        """What DSPy keeps of the program, after every file has been held against its hash."""
        self.verify()
        path = self.folder / PROGRAM_FILE
        try:
            return unpacked(read_json(path))
        except ArtifactError as error:
            raise ArtifactError(error.problem, where=str(path), remedy=self._again) from error

    def verify(self) -> None:
        """ArtifactError if a file is missing or is not what was written."""
        root = self.folder.resolve()
        for name, expected in self.manifest["files"].items():
            path = self.folder / name
            if root not in path.resolve().parents:
                raise ArtifactError(f"names a file outside of it: {name}", where=str(self.folder))
            try:
                content = path.read_bytes()
            except OSError as error:
                raise ArtifactError(f"cannot be read: {error.strerror}", where=str(path)) from error
            if sha256(content) != expected:
                raise ArtifactError("is not what was saved", where=str(path), remedy=self._again)

    def program(self, taxonomy: Taxonomy | None = None) -> Program:
        """The program. ``taxonomy`` is needed where it is not built in.

        ArtifactError if a file was changed, or if the signatures or the taxonomy are not those that it was
        compiled for.
        """
        state = self.state()
        program = create(self.program_name, self._options(taxonomy))
        if changed := changes(self.manifest["signatures"], described_signatures(program)):
            raise ArtifactError(
                f"was compiled for other signatures: {'; '.join(changed)}",
                where=str(self.folder),
                remedy=self._again,
            )
        self._refuse_language_models(state)
        try:
            program.load_state(state)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ArtifactError(
                "does not fit the program", where=str(self.folder), remedy=self._again
            ) from error
        program.compiled_for = self.lm
        return program

    @property
    def _again(self) -> str:
        return how_to_recompile(dict(self.manifest))

    def _options(self, taxonomy: Taxonomy | None) -> Options:
        given = self.manifest["options"]
        try:
            return Options(
                **{**given, "shown": Shown(**given["shown"]), "taxonomy": self._taxonomy(taxonomy)}
            )
        except (KeyError, TypeError) as error:
            raise ArtifactError(
                "has options that this version does not know", where=str(self.folder), remedy=self._again
            ) from error

    def _taxonomy(self, taxonomy: Taxonomy | None) -> Taxonomy:
        wanted = self.manifest["taxonomy"]
        where = str(self.folder)
        if taxonomy is None:
            if wanted["id"] not in BUILT_IN:
                raise ArtifactError(
                    f"was compiled for the taxonomy {wanted['id']!r}",
                    where=where,
                    remedy="give it with --taxonomy",
                )
            taxonomy = load_taxonomy(wanted["id"])
        if taxonomy.fingerprint != wanted["fingerprint"]:
            same = taxonomy.id == wanted["id"]
            version = "another version of " if same else ""
            raise ArtifactError(
                f"was compiled for {version}the taxonomy {wanted['id']!r}, and this is "
                f"{'what became of it' if same else repr(taxonomy.id)}",
                where=where,
                remedy=self._again,
            )
        return taxonomy

    def _refuse_language_models(self, state: Mapping[str, Any]) -> None:
        for name, predictor in state.items():
            if isinstance(predictor, dict) and predictor.get("lm") is not None:
                raise ArtifactError(
                    f"{name} brings a language model of its own",
                    where=str(self.folder),
                    remedy="artifacts hold none, because loading one can run any code",
                )


def open_artifact(path: str | Path) -> Artifact:
    """The artifact in a folder, or that the path of its ``program.json`` names; ArtifactError if none."""
    folder = Path(path).expanduser()
    if folder.name == PROGRAM_FILE:
        folder = folder.parent
    _refuse_pickles(folder)
    return Artifact(folder, read_manifest(folder))


def _refuse_pickles(path: Path) -> None:
    found = next((each for each in (path, *path.glob("*")) if each.suffix in _PICKLES), None)
    if found is not None:
        raise ArtifactError(
            "is a pickle, which can run any code when it is read",
            where=str(found),
            remedy="compile the program with csc-dspy, whose artifacts are JSON",
        )
