"""From a name to an artifact: a path, the project's own artifacts, those that come with the package."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from csc_dspy.compiled.artifact import Artifact, open_artifact
from csc_dspy.compiled.by_language import ByLanguage
from csc_dspy.compiled.manifest import MANIFEST_FILE, PROGRAM_FILE
from csc_dspy.exceptions import ArtifactError, ConfigError
from csc_dspy.programs import PROGRAMS, Program
from csc_dspy.taxonomy import LANGUAGES, Language, Taxonomy

PROJECT_FOLDER: Final = Path("artifacts")
"""Where a project has its own, as ``PROGRAM/NAME/``; counted from the current folder."""
_PACKAGE: Final = "csc_dspy.artifacts"


def load(
    name: str | Path,
    *,
    language: Language | None = None,
    taxonomy: Taxonomy | None = None,
    packaged: bool = False,
) -> Program:
    """A compiled program, ready to call.

    ``name`` is a path, ``PROGRAM/NAME`` or ``PROGRAM``; names are looked up in the folder ``artifacts`` of
    the current folder, then among those that come with the package, or there alone if ``packaged``. A program
    that is there in several languages answers each conversation in its own, unless ``language`` picks one.

    It asks the language model in force. Where none is, a program that was compiled for the embedded engine
    asks that, and any other says so.

    Raises:
        ArtifactError: There is none, it was changed, or it does not fit what is installed.
    """
    if not packaged and (path := _path(name)) is not None:
        return _in_language(open_artifact(path), language).program(taxonomy)
    found = [open_artifact(each) for each in _named(str(name), packaged=packaged)]
    if language is not None:
        found = [each for each in found if each.language == language]
    if not found:
        raise _unknown(str(name), language)
    programs = {as_language(each.language): each.program(taxonomy) for each in reversed(found)}
    in_order = {each: programs[each] for each in LANGUAGES if each in programs}
    return next(iter(in_order.values())) if len(in_order) == 1 else ByLanguage(in_order)


def artifacts(folder: Path) -> list[Artifact]:
    """The artifacts in a folder of artifacts, in the order of their names."""
    return [open_artifact(each) for each in folders_in(folder)]


def folders_in(folder: Path) -> list[Path]:
    """The folders of the artifacts in a folder of artifacts."""
    manifests = sorted(folder.glob(f"*/*/{MANIFEST_FILE}"))
    return [path.parent for path in manifests if not path.parent.name.startswith(".")]


def packaged_folder() -> Path | None:
    """Where the artifacts are that come with the package, if any do."""
    found = find_spec(_PACKAGE)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) if places else None


def packaged_artifact(program: str, language: Language, taxonomy: Taxonomy) -> Artifact | None:
    """The artifact of a program that comes with the package, if there is one for the taxonomy."""
    folder = packaged_folder()
    path = None if folder is None else folder / program / language
    if path is None or not (path / MANIFEST_FILE).is_file():
        return None
    artifact = open_artifact(path)
    return artifact if artifact.manifest["taxonomy"]["fingerprint"] == taxonomy.fingerprint else None


def find_artifacts(name: str | Path) -> list[Artifact]:
    """All artifacts that a name or path means; ArtifactError if there is none."""
    return [open_artifact(each) for each in folders_of(name)]


def folders_of(name: str | Path) -> list[Path]:
    """The folders of all artifacts that a name or path means; ArtifactError if there is none."""
    path = _path(name)
    found = _named(str(name)) if path is None else [path]
    if not found:
        raise _unknown(str(name), None)
    return found


def as_language(name: str) -> Language:
    """A language by its name; ConfigError if it is none."""
    for language in LANGUAGES:
        if name == language:
            return language
    raise ConfigError(f"{name!r} is no language", remedy=f"languages are {' and '.join(LANGUAGES)}")


def _path(name: str | Path) -> Path | None:
    """The path that is meant, if one is."""
    path = Path(name).expanduser()
    if (path / MANIFEST_FILE).is_file() or path.is_file() or path.name == PROGRAM_FILE:
        return path
    is_name = isinstance(name, str) and name.split("/")[0] in PROGRAMS and name.count("/") < 2
    looks_like_one = path.is_absolute() or len(path.parts) > 1 or path.is_dir()
    return path if looks_like_one and not is_name else None


def _named(name: str, *, packaged: bool = False) -> list[Path]:
    """The folders of that name, in the first place that has any."""
    program, _, variant = name.partition("/")
    if program not in PROGRAMS:
        return []
    for folder in _places(packaged=packaged):
        there = [path.parent for path in sorted((folder / program).glob(f"*/{MANIFEST_FILE}"))]
        found = [path for path in there if (path.name == variant if variant else path.name in LANGUAGES)]
        if found:
            return found
    return []


def _places(*, packaged: bool) -> Iterator[Path]:
    if not packaged:
        yield PROJECT_FOLDER
    if (folder := packaged_folder()) is not None:
        yield folder


def _in_language(artifact: Artifact, language: Language | None) -> Artifact:
    if language not in {None, artifact.language}:
        raise ArtifactError(
            f"was compiled for prompts in {artifact.language!r}, not {language!r}",
            where=str(artifact.folder),
            remedy="leave out the language",
        )
    return artifact


def _unknown(name: str, language: Language | None) -> ArtifactError:
    program = name.split("/", maxsplit=1)[0]
    if program not in PROGRAMS:
        from difflib import get_close_matches

        close = get_close_matches(program, PROGRAMS, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"programs are {', '.join(PROGRAMS)}"
        return ArtifactError(f"no compiled program is called {name!r}", remedy=remedy)
    spoken = f" in {language!r}" if language else ""
    return ArtifactError(
        f"there is no compiled {name}{spoken}, neither in {PROJECT_FOLDER}/ nor with the package",
        remedy=f"compile one: csc-dspy compile {program}" + (f" --language {language}" if language else ""),
    )
