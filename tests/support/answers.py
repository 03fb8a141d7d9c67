"""Valid answers to prompts, without a language model.

The same prompt always gets the same answer; another conversation, or another ``seed``, may get another one.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = dict[str, Any]

# What the two chat formats of DSPy ask for in their last lines.
_TYPE: Final = r"(?: \(must be formatted as a valid Python (?P<type>.+?)\))?"
_ASKED_AS_TEXT: Final = re.compile(rf"`\[\[ ## (?P<name>\w+) ## \]\]`{_TYPE}(?=, (?:and )?then)")
_ASKED_AS_JSON: Final = re.compile(rf"`(?P<name>\w+)`{_TYPE}(?=, then|\.)")
_JSON_REQUEST: Final = "Respond with a JSON object in the following order of fields: "
_TEXT_REQUEST: Final = "Respond with the corresponding output fields, starting with the field "
_SCHEMA_NOTE: Final = "note: the value you produce must adhere to the JSON schema: "
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")


@dataclass
class Answer:
    """The text of an answer, and for every label in it, by its place, the labels it was chosen from."""

    text: str = ""
    choices: dict[int, tuple[str, ...]] = field(default_factory=dict)


def answer(body: Json, label: Callable[[str], str] = str) -> Answer:
    """What a capable model would say to a chat-completions request; ``label`` respells every label."""
    text = "\n".join(_text(message["content"]) for message in body["messages"])
    question = _text(body["messages"][-1]["content"])
    writer = _Writer(text, question, body.get("seed"), label)
    response_format = body.get("response_format") or {}
    if response_format.get("type") == "json_schema":
        schema = response_format["json_schema"]["schema"]
        return writer.as_json(writer.from_schema(schema, "answer", schema))
    if _JSON_REQUEST in question:
        fields = _ASKED_AS_JSON.finditer(question.rpartition(_JSON_REQUEST)[2])
        return writer.as_json({each["name"]: writer.value(each["name"], each["type"]) for each in fields})
    if _TEXT_REQUEST in question:
        return writer.as_fields(_ASKED_AS_TEXT.finditer(question.rpartition(_TEXT_REQUEST)[2]))
    return Answer(writer.sentence("question"))


class _Writer:
    """Fills in fields; all that is arbitrary follows from a digest of the question."""

    def __init__(self, prompt: str, question: str, seed: object, label: Callable[[str], str]) -> None:
        self._prompt = prompt
        self._question = question
        self._seed = seed
        self._label = label
        # Labels in what is asked for say nothing of the language that is spoken.
        self._chinese = bool(_HAN.search(question.partition("\n\nRespond with ")[0]))

    def as_fields(self, fields: Any) -> Answer:  # noqa: ANN401  an iterator of regular expression matches
        """The fields in DSPy's chat format."""
        written = Answer()
        for each in fields:
            written.text += f"[[ ## {each['name']} ## ]]\n"
            labels = _labels(each["type"])
            if labels:
                written.choices[len(written.text)] = tuple(map(self._label, labels))
            value = self.value(each["name"], each["type"])
            written.text += (
                f"{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n\n"
            )
        written.text += "[[ ## completed ## ]]"
        return written

    def as_json(self, value: Any) -> Answer:  # noqa: ANN401  any JSON value
        """A value as JSON text."""
        return Answer(json.dumps(value, ensure_ascii=False))

    def value(self, name: str, type_: str | None) -> Any:  # noqa: ANN401  any JSON value
        """A valid value for an output field of a Python type, as prompts spell it."""
        labels = _labels(type_)
        if labels:
            return self._label(self._chosen(labels, name))
        simple: Mapping[str | None, Any] = {
            "bool": self._number(name) % 2 == 0,
            "int": self._number(name) % 10,
            "float": self._number(name) % 100 / 100,
        }
        if type_ in simple:
            return simple[type_]
        schema = self._schema(name)
        return self.sentence(name) if schema is None else self.from_schema(schema, name, schema)

    def from_schema(self, schema: Json, name: str, root: Json) -> Any:  # noqa: ANN401  any JSON value
        """A valid instance of a JSON schema, as far as DSPy and pydantic write them."""
        if "$ref" in schema:
            return self.from_schema(root["$defs"][schema["$ref"].rpartition("/")[2]], name, root)
        if "anyOf" in schema:
            return self.from_schema(schema["anyOf"][0], name, root)
        if "enum" in schema or "const" in schema:
            return self._label(self._chosen(tuple(schema.get("enum") or [schema["const"]]), name))
        return self._of_type(schema, name, root)

    def _of_type(self, schema: Json, name: str, root: Json) -> Any:  # noqa: ANN401  any JSON value
        type_ = schema.get("type", "string")
        if type_ == "object":
            properties = schema.get("properties", {})
            return {key: self.from_schema(each, key, root) for key, each in properties.items()}
        if type_ == "array":
            return [self.from_schema(schema["items"], f"{name}{number}", root) for number in range(2)]
        simple = {"boolean": "bool", "integer": "int", "number": "float"}
        return self.value(name, simple[type_]) if type_ in simple else self.sentence(name)

    def sentence(self, name: str) -> str:
        """A sentence in the language of the question."""
        mark = f"{self._number(name):08x}"[-6:]
        return f"好的，这是{name}的回答（{mark}）。" if self._chinese else f"Here is the {name} ({mark})."

    def _schema(self, name: str) -> Json | None:
        """The JSON schema that the prompt notes for a field."""
        before, found, rest = self._prompt.partition(f"{{{name}}}        # {_SCHEMA_NOTE}")
        if not found:
            return None
        note = rest.split("\n", 1)[0]
        # In the JSON format the note stands inside a JSON string.
        text = json.loads(f'"{note.rstrip(",")}') if before.endswith('"') else note
        schema: Json = json.loads(text)
        return schema

    def _chosen(self, labels: tuple[str, ...], name: str) -> str:
        return labels[self._number(name) % len(labels)]

    def _number(self, name: str) -> int:
        digest = hashlib.sha256(f"{self._question}\0{name}\0{self._seed}".encode()).digest()
        return int.from_bytes(digest[:8], "big")


def _labels(type_: str | None) -> tuple[str, ...]:
    """The members of a ``Literal[...]`` of strings."""
    if type_ is None or not type_.startswith("Literal["):
        return ()
    members = ast.literal_eval(type_.removeprefix("Literal"))
    return tuple(member for member in members if isinstance(member, str))


def _text(content: str | list[Json] | None) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def tokens(written: Answer) -> list[tuple[str, tuple[str, ...]]]:
    """The answer in pieces such as tokenizers make; the first piece of a label comes with all labels."""
    starts = sorted({0, len(written.text), *written.choices})
    pieces: list[tuple[str, tuple[str, ...]]] = []
    for start, end in itertools.pairwise(starts):
        alternatives = written.choices.get(start, ())
        for piece in re.findall(r"\s*\w{1,4}|\s*[^\w\s]+|\s+", written.text[start:end]):
            pieces.append((piece, alternatives))
            alternatives = ()
    return pieces
