"""The hub itself, played by a server on this machine: which files are asked for, and what can go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.conftest import CSC
from tests.data.rows import CUSTOMER, SUPPORTER, row

REVISION = "3f1c" * 10
FILES = {
    f"data/{part}.json": json.dumps(
        [row(dialogue=[SUPPORTER, CUSTOMER | {"text": f"{part} {number}"}]) for number in range(count)]
    ).encode()
    for part, count in (("CSConv", 5), ("RoleCS", 7))
} | {"README.md": b"---\nlicense: mit\n---\n"}
# Of another data set, that says itself which of its files are data.
PLAYED = {
    "manifest.json": b'{"data": ["roleplay.jsonl"]}',
    "rejected.jsonl": b'{"id": "a", "reasons": []}\n',
    "report.json": b"{}",
    "roleplay.jsonl": json.dumps(row(dialogue=[SUPPORTER, CUSTOMER])).encode(),
}


# Other data sets: the HTTP status, and the code by which the hub names the error.
REFUSALS = {
    "owner/gated": (403, "GatedRepo"),
    "owner/missing": (401, "RepoNotFound"),
    "owner/broken": (418, ""),
}


class Hub(BaseHTTPRequestHandler):
    """Answers what `huggingface_hub` asks of a data set ``owner/name``."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.asked.append(path)  # type: ignore[attr-defined]
        for name, (status, code) in REFUSALS.items():
            if path.startswith(f"/api/datasets/{name}"):
                return self.answer(status, b"{}", {"X-Error-Code": code})
        if "/no-such" in path:
            return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        if path.startswith("/api/datasets/owner/empty"):
            return self.answer(200, b"[]")
        files = PLAYED if "owner/played" in path else FILES
        if "/tree/" in path:
            below = "data/" if path.endswith("/data") else ""
            entries = [
                {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                for name, content in files.items()
                if name.startswith(below)
            ]
            return self.answer(200, json.dumps(entries).encode())
        if "/resolve/" in path:
            content = next(content for name, content in files.items() if path.endswith(name))
            return self.answer(200, content, {"ETag": '"1"', "X-Repo-Commit": REVISION})
        return self.answer(200, json.dumps({"id": "owner/name", "sha": REVISION, "siblings": []}).encode())

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.asked = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def online(port: int, home: Path) -> dict[str, str]:
    """The environment of a process for which that port is the hub."""
    switched_off = {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "0"}
    return {**switched_off, "HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(home)}


@pytest.mark.parametrize(("part", "count"), [("RoleCS", 7), ("CSConv", 5)])
def test_a_part_is_its_file(
    hub: ThreadingHTTPServer, csc: CSC, tmp_path: Path, part: str, count: int
) -> None:
    env = online(hub.server_port, tmp_path)
    done = csc("data", "convert", f"hub:owner/name:{part}", "--out", "a.jsonl", "--json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"out": "a.jsonl", "dialogues": count, "quarantined": 0}
    written = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["dialogue"][1]["text"] for line in written] == [
        f"{part} {number}" for number in range(count)
    ]
    files = {path.rpartition("/")[2] for path in hub.asked if "/resolve/" in path}  # type: ignore[attr-defined]
    assert files == {f"{part}.json"}


def test_a_revision_is_asked_for(hub: ThreadingHTTPServer, csc: CSC, tmp_path: Path) -> None:
    env = online(hub.server_port, tmp_path)
    done = csc("data", "check", "hub:owner/name@v1.0", "--json", env=env)
    assert done.returncode == 0
    assert json.loads(done.stdout)["dialogues"] == 12
    assert {path for path in hub.asked if "main" in path} == set()  # type: ignore[attr-defined]
    assert any("/resolve/v1.0/" in path for path in hub.asked)  # type: ignore[attr-defined]


@pytest.mark.parametrize("revision", ["", "@v1.0"])
def test_a_manifest_says_which_files_are_data(
    hub: ThreadingHTTPServer, csc: CSC, tmp_path: Path, revision: str
) -> None:
    env = online(hub.server_port, tmp_path)
    done = csc("data", "check", f"hub:owner/played{revision}", "--json", env=env)
    assert (done.returncode, json.loads(done.stdout)["dialogues"]) == (0, 1)


def test_what_is_told_of_a_data_set(hub: ThreadingHTTPServer, csc: CSC, tmp_path: Path) -> None:
    done = csc("data", "info", "hub:owner/name", "--json", env=online(hub.server_port, tmp_path))
    found = json.loads(done.stdout)
    assert found["parts"] == ["CSConv", "RoleCS"]
    assert found["files"][1] == {
        "name": "hub:owner/name/data/RoleCS.json",
        "form": None,
        "bytes": None,
        "dialogues": 7,
    }


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("hub:owner/gated:RoleCS", "access to this data set has to be granted (accept its terms"),
        ("hub:owner/missing:RoleCS", "the hub has no such data set, or it is private (check the name"),
        ("hub:owner/name@no-such:RoleCS", "the data set has no such revision (look up"),
        ("hub:owner/broken:RoleCS", "the hub answers with an error (try again later, or download its files"),
        ("hub:owner/empty:RoleCS", "has no data files"),
        ("hub:owner/-name-:RoleCS", "is no name of a data set (write hub:OWNER/NAME)"),
    ],
)
def test_what_the_hub_refuses(
    hub: ThreadingHTTPServer, csc: CSC, tmp_path: Path, source: str, problem: str
) -> None:
    done = csc("data", "check", source, env=online(hub.server_port, tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {source.removesuffix(':RoleCS')}: {problem}")
    assert done.stderr.count("\n") == 1


def test_nobody_answers(csc: CSC, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        port = server.server_port
    done = csc("data", "check", "hub:owner/name:RoleCS", env=online(port, tmp_path))
    assert done.returncode == 2
    assert done.stderr == (
        "error: hub:owner/name: the hub cannot be reached"
        " (check the network, or download its files and give the folder, as hub:FOLDER)\n"
    )


def test_offline_mode(csc: CSC) -> None:
    done = csc("data", "check", "hub:owner/name:RoleCS")
    assert done.returncode == 2
    assert done.stderr == (
        "error: hub:owner/name: the hub cannot be asked: offline mode is on"
        " (unset HF_HUB_OFFLINE, or download its files and give the folder, as hub:FOLDER)\n"
    )
