"""Models of the Hugging Face hub: downloaded once, then in a folder. Pickled weights are never fetched."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from csc_dspy.exceptions import ConfigError
from csc_dspy.huggingface.libraries import quiet

TEXTS: Final = ("*.json", "*.jinja", "*.txt", "*.model")
"""What says how a model is made, and its tokenizer."""
WANTED: Final = ("*.safetensors", *TEXTS)
"""All of a model."""


def downloaded(
    model: str, where: str, wanted: Sequence[str] = WANTED, *, remedy: str = "name its folder"
) -> Path:
    """The folder of a repository ``OWNER/NAME`` or ``OWNER/NAME@REVISION``; its name is the commit's.

    ``remedy`` is what to do with a folder that was downloaded elsewhere.
    """
    from huggingface_hub import errors, snapshot_download

    name, _, revision = model.partition("@")
    check = f"check the name, or {remedy}"
    remedy = f"download the model where there is a network, and {remedy}"
    try:
        # Gigabytes may come; where nobody looks on, bars would only fill a file.
        with nullcontext() if sys.stderr.isatty() else quiet():
            found = snapshot_download(
                name,
                revision=revision or None,
                allow_patterns=[*wanted],
                # Models for other libraries lie in folders below.
                ignore_patterns=["*/*"],
            )
    except errors.HFValidationError as error:
        problem = "is neither a folder nor the name of a model on the hub"
        raise ConfigError(problem, where=where) from error
    except errors.LocalEntryNotFoundError as error:
        problem = "is neither a folder nor kept from the hub, and the hub cannot be asked"
        raise ConfigError(problem, where=where, remedy=remedy) from error
    except errors.RevisionNotFoundError as error:
        raise ConfigError("the model has no such revision on the hub", where=where) from error
    except errors.RepositoryNotFoundError as error:
        problem = "is neither a folder nor a public model on the hub"
        raise ConfigError(problem, where=where, remedy=check) from error
    # Besides these whatever a full disk makes of it.
    except Exception as error:
        problem = f"cannot be had from the hub ({type(error).__name__})"
        raise ConfigError(problem, where=where, remedy=remedy) from error
    return Path(found)
