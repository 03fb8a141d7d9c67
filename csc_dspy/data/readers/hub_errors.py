"""What goes wrong on the way to the hub, in one line with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from csc_dspy.exceptions import DataError

_DOWNLOAD: Final = "download its files and give the folder, as hub:FOLDER"


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Make whatever the libraries of the hub raise a DataError.

    Nothing but calls of these libraries may be in the block.
    """
    try:
        yield
    # They raise what their parsers and transports happen to: besides errors of their own also those of httpx
    # and Arrow, ValueError, TypeError, and for an empty file StopIteration.
    except Exception as error:
        problem, remedy = _explain(error)
        raise DataError(problem, where=where, remedy=remedy) from error


def _explain(error: Exception) -> tuple[str, str]:
    import httpx
    from huggingface_hub import errors

    # From the special to the general, as in a chain of except.
    known: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
        (
            (errors.OfflineModeIsEnabled,),
            "the hub cannot be asked: offline mode is on",
            f"unset HF_HUB_OFFLINE, or {_DOWNLOAD}",
        ),
        (
            (errors.GatedRepoError,),
            "access to this data set has to be granted",
            f"accept its terms on its page and run `hf auth login`, or {_DOWNLOAD}",
        ),
        (
            (errors.RevisionNotFoundError,),
            "the data set has no such revision",
            "look up its branches and commits on its page",
        ),
        (
            (errors.RepositoryNotFoundError,),
            "the hub has no such data set, or it is private",
            f"check the name; for a private one run `hf auth login`, or {_DOWNLOAD}",
        ),
        ((errors.HfHubHTTPError,), "the hub answers with an error", f"try again later, or {_DOWNLOAD}"),
        ((errors.HFValidationError,), "is no name of a data set", "write hub:OWNER/NAME"),
        (
            (httpx.TransportError, ConnectionError, TimeoutError),
            "the hub cannot be reached",
            f"check the network, or {_DOWNLOAD}",
        ),
    )
    for kinds, problem, remedy in known:
        if isinstance(error, kinds):
            return problem, remedy
    return (
        f"the datasets library cannot read it ({type(error).__name__})",
        "`csc-dspy data check FOLDER` on the downloaded files says what is wrong",
    )
