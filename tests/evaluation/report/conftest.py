from __future__ import annotations

from pathlib import Path

import pytest

from csc_dspy.evaluation.report import write_report
from tests.evaluation.report.document import Node, parsed
from tests.evaluation.report.evaluated import Evaluated, evaluated, sample


@pytest.fixture(scope="session")
def evaluation() -> Evaluated:
    """Both contexts of the sample's test split."""
    return evaluated(sample())


@pytest.fixture(scope="session")
def page(evaluation: Evaluated, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, evaluation.scores, evaluation.stream())
    return path


@pytest.fixture(scope="session")
def document(page: Path) -> Node:
    return parsed(page.read_text("utf-8"))
