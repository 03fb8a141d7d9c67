"""A tiny chat model, made once a run, and a cache of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """No cache of anybody else's."""


@pytest.fixture(scope="session")
def chat_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Llama with random weights; not to be changed."""
    import torch

    from tests.lm.local.tiny_models import save_chat_model

    # On processors that others use too, a second thread mostly waits.
    torch.set_num_threads(1)
    return save_chat_model(tmp_path_factory.mktemp("chat") / "llama")
