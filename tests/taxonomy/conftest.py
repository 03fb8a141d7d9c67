"""The files that the tests of taxonomies read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def page(checkout: Path) -> str:
    """The page of the manual about taxonomies."""
    return (checkout / "docs" / "taxonomy.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def own_toml(page: str) -> str:
    """The complete taxonomy file that the manual shows."""
    (example,) = re.findall(r"^```toml\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    return str(example)
