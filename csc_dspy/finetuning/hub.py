"""Sending an export to the Hugging Face hub, when somebody asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csc_dspy.exceptions import ConfigError, CSCError, DataError, OutputError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_KIND: Final = "dataset"
_MANIFEST: Final = "manifest.json"
_KEPT: Final = "the folder stays as it is; send it again later"


def push(folder: Path, repo_id: str, *, private: bool, token: str | None = None) -> str:
    """Upload an export folder to ``repo_id`` (``OWNER/NAME``), made if need be; its address on the hub.

    Without ``token`` that of the environment or of ``hf auth login`` is taken. Nothing private gets into a
    repository that is public already.
    """
    if not (folder / _MANIFEST).is_file():
        raise DataError(f"holds no {_MANIFEST}", where=str(folder), remedy="give a folder that export made")
    with _explained(repo_id):
        from huggingface_hub import HfApi

        api = HfApi(token=_token(repo_id, token), library_name="csc-dspy")
        made = api.create_repo(repo_id, repo_type=_KIND, private=private, exist_ok=True)
    if private:
        _refuse_public(api, made.repo_id)
    with _explained(repo_id):
        api.upload_folder(
            repo_id=made.repo_id,
            repo_type=_KIND,
            folder_path=folder,
            commit_message="Fine-tuning data exported by csc-dspy",
        )
    return str(made)


def _token(repo_id: str, given: str | None) -> str:
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise ConfigError(
            "the hub cannot be asked: offline mode is on", where=repo_id, remedy="unset HF_HUB_OFFLINE"
        )
    token = (given or get_token() or "").strip()
    if not token:
        raise ConfigError(
            "sending to the hub needs a token", where=repo_id, remedy="run `hf auth login`, or set HF_TOKEN"
        )
    # The library would answer with an error that quotes it.
    if not (token.isascii() and token.isprintable()):
        raise ConfigError(
            "the token has letters that none has",
            where=repo_id,
            remedy="copy it anew from the hub's settings",
        )
    return token


def _refuse_public(api: HfApi, repo_id: str) -> None:
    with _explained(repo_id):
        public = not api.repo_info(repo_id, repo_type=_KIND).private
    if public:
        raise ConfigError(
            "is to be private, and there is a public data set of this name",
            where=repo_id,
            remedy="take another name, or make it private on its page",
        )


@contextmanager
def _explained(repo_id: str) -> Iterator[None]:
    """Make what the hub's library raises one of our errors, without its text: a request has the token in it.

    Nothing but calls of that library may be in the block.
    """
    try:
        yield
    except CSCError:
        raise
    # It raises, besides errors of its own, those of its transport, and of what it uploads by.
    except Exception as error:  # noqa: BLE001 - raised anew, without its text
        raise _explain(error, repo_id) from None


def _explain(error: Exception, repo_id: str) -> CSCError:
    import httpx
    from huggingface_hub import errors

    if isinstance(error, errors.HFValidationError):
        return ConfigError("is no name of a data set", where=repo_id, remedy="write OWNER/NAME")
    if isinstance(error, errors.HfHubHTTPError):
        return _refusal(error.response.status_code, repo_id)
    if isinstance(error, (httpx.TransportError, OSError)):
        return OutputError("the hub cannot be reached", where=repo_id, remedy=f"check the network; {_KEPT}")
    return OutputError(f"cannot be sent to the hub ({type(error).__name__})", where=repo_id, remedy=_KEPT)


def _refusal(status: int, repo_id: str) -> CSCError:
    if status == 401:
        return ConfigError("the hub does not know this token", where=repo_id, remedy="run `hf auth login`")
    if status in {403, 404}:
        return ConfigError(
            "the token may not write there",
            where=repo_id,
            remedy="take one with write access, or your own name",
        )
    return OutputError(f"the hub answers with error {status}", where=repo_id, remedy=_KEPT)
