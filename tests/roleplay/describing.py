"""A language model that describes customers: it says whom it is asked about, and keeps the facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.behaviours import Behaviour


def fields(description: str) -> str:
    """An answer in the form that is asked for."""
    return f"[[ ## description ## ]]\n{description}\n\n[[ ## completed ## ]]"


def facts_in(body: Mapping[str, Any]) -> dict[str, str]:
    """What a request tells of the customer, by the names of the fields."""
    lines = [line.replace("：", ": ") for line in body["messages"][-1]["content"].splitlines()]
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def described(body: Mapping[str, Any]) -> str:
    """The answer to a request: a short description that is kept."""
    facts = facts_in(body)
    if "职业" in facts:
        return fields(f"你是{facts['职业']}，{facts['年龄']}岁，每天都很忙。")
    return fields(f"You are {facts['age']} and a {facts['occupation']}, and busy all day.")


DESCRIBES = Behaviour(reply=described)
