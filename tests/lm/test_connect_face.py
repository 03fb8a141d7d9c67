"""``csc_dspy.lm``: every name is there, and importing it loads no DSPy."""

from __future__ import annotations

import subprocess
import sys
from inspect import ismodule

import pytest

import csc_dspy.lm


@pytest.mark.parametrize("name", csc_dspy.lm.__all__)
def test_every_promised_name_is_there(name: str) -> None:
    value = getattr(csc_dspy.lm, name)
    assert not ismodule(value)
    assert getattr(csc_dspy.lm, name) is value


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"module 'csc_dspy.lm' has no attribute 'conect'"):
        csc_dspy.lm.conect  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test
    assert dir(csc_dspy.lm) == sorted(csc_dspy.lm.__all__)


def test_no_module_hides_a_name() -> None:
    program = (
        "import sys, csc_dspy.lm\n"
        "assert not {'dspy', 'aiohttp'} & set(sys.modules), 'heavy'\n"
        "import csc_dspy.lm.measuring, csc_dspy.lm.connecting, csc_dspy.lm.budget, csc_dspy.lm.prices\n"
        "from inspect import ismodule\n"
        "print([name for name in csc_dspy.lm.__all__ if ismodule(getattr(csc_dspy.lm, name))])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert (ran.stdout, ran.stderr) == ("[]\n", "")
