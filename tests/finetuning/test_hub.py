"""Sending an export to the hub, played by a server on this machine for a process of its own."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from csc_dspy.finetuning.card import card
from tests.conftest import ROOT
from tests.finetuning.format_rows import row, write

TOKEN = "hf_" + "k3y" * 11
PUSH = """
import sys
from pathlib import Path
from csc_dspy.exceptions import CSCError
from csc_dspy.finetuning.hub import push
try:
    print(push(Path(sys.argv[1]), sys.argv[2], private=sys.argv[3] == "private", token=sys.argv[4] or None))
except CSCError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


class Hub(BaseHTTPRequestHandler):
    """Answers what `huggingface_hub` asks when it makes a data set and uploads a folder."""

    protocol_version = "HTTP/1.1"
    server: HubServer

    def do_GET(self) -> None:
        about = {"id": "owner/name", "private": self.server.private}
        self.answer(*((200, about) if self.server.there else (404, {"error": "no"})))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = urlsplit(self.path).path
        self.server.asked.append(path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(401, {"error": f"not known: {self.headers['Authorization']}"})
        if path in self.server.refusals:
            return self.answer(self.server.refusals[path], {"error": "no"})
        return self.answer(200, self.done(path, body))

    def done(self, path: str, body: bytes) -> dict[str, Any]:
        match path.rpartition("/datasets/owner/name")[2]:
            case "/api/repos/create":
                self.server.made = json.loads(body)
                return {"url": f"{self.server.address}/datasets/owner/name"}
            case "/api/validate-yaml":
                return {"errors": [], "warnings": []}
            case "/preupload/main":
                names = [each["path"] for each in json.loads(body)["files"]]
                return {"files": [self.mode(name) for name in names]}
            case ".git/info/lfs/objects/batch":
                return {"transfer": "basic", "objects": [*map(self.place, json.loads(body)["objects"])]}
            case "/commit/main":
                self.server.committed = [json.loads(line) for line in body.splitlines()]
                url = f"{self.server.address}/datasets/owner/name/commit/{'0' * 40}"
                return {"commitUrl": url, "commitOid": "0" * 40}
            case _:
                raise AssertionError(path)

    def mode(self, name: str) -> dict[str, Any]:
        big = name.endswith(".parquet")
        return {"path": name, "uploadMode": "lfs" if big else "regular", "shouldIgnore": False}

    def place(self, item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "actions": {"upload": {"href": f"{self.server.address}/stored/{item['oid']}"}}}

    def do_PUT(self) -> None:
        self.server.stored[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {})

    def answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class HubServer(ThreadingHTTPServer):
    """What the hub was asked and has."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hub)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.there = True
        self.private = True
        self.refusals: dict[str, int] = {}
        self.asked: list[str] = []
        self.made: dict[str, Any] = {}
        self.committed: list[dict[str, Any]] = []
        self.stored: dict[str, bytes] = {}

    def files(self) -> dict[str, bytes]:
        """The files of the commit."""
        return {
            each["value"]["path"]: base64.b64decode(each["value"]["content"])
            if each["key"] == "file"
            else self.stored[f"/stored/{each['value']['oid']}"]
            for each in self.committed[1:]
        }


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(params=["openai", "parquet"])
def export(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "export 导出"
    folder.mkdir()
    write(request.param, folder, [row(1), row(2, "en")], [row(3)])
    manifest = {"kind": "fine-tuning data", "rows": {"train": 2}, "files": dict.fromkeys(names(folder))}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "README.md").write_text(card(manifest), encoding="utf-8")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def push(
    folder: Path,
    endpoint: str,
    *,
    name: str = "owner/name",
    token: str = TOKEN,
    private: bool = True,
    **env: str,
) -> subprocess.CompletedProcess[str]:
    """Push from a process for which ``endpoint`` is the hub, with its older way of storing large files."""
    plain = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder.parent)}
    around = os.environ | plain | {"HF_ENDPOINT": endpoint} | env
    command = [sys.executable, "-c", PUSH, str(folder), name, "private" if private else "public", token]
    return subprocess.run(
        command, env=around, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


def test_the_folder_is_there_byte_for_byte(hub: HubServer, export: Path) -> None:
    done = push(export, hub.address)
    assert (done.returncode, done.stdout) == (0, f"{hub.address}/datasets/owner/name\n"), done.stderr
    assert hub.files() == {name: (export / name).read_bytes() for name in names(export)}
    assert hub.made == {
        "name": "name",
        "organization": "owner",
        "type": "dataset",
        "visibility": "private",
    }
    assert hub.committed[0]["value"]["summary"] == "Fine-tuning data exported by csc-dspy"


def test_the_token_of_the_environment(hub: HubServer, export: Path) -> None:
    done = push(export, hub.address, token="", private=False, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert hub.made["visibility"] == "public"


def test_nothing_private_becomes_public(hub: HubServer, export: Path) -> None:
    hub.private = False
    done = push(export, hub.address)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "ConfigError: owner/name: is to be private, and there is a public data set of this name"
        " (take another name, or make it private on its page)\n"
    )
    assert hub.committed == []


KEPT = "the folder stays as it is; send it again later"
ODD = "the token has letters that none has (copy it anew from the hub's settings)"


@pytest.mark.parametrize(
    ("given", "kind", "problem"),
    [
        (
            {"token": ""},
            "ConfigError",
            "sending to the hub needs a token (run `hf auth login`, or set HF_TOKEN)",
        ),
        (
            {"HF_HUB_OFFLINE": "1"},
            "ConfigError",
            "the hub cannot be asked: offline mode is on (unset HF_HUB_OFFLINE)",
        ),
        ({"token": "hf_wrong"}, "ConfigError", "the hub does not know this token (run `hf auth login`)"),
        ({"name": "a/b/c"}, "ConfigError", "is no name of a data set (write OWNER/NAME)"),
        ({"token": "hf_有k"}, "ConfigError", ODD),
        ({"token": "hf_a\nb"}, "ConfigError", ODD),
    ],
)
def test_what_stands_in_the_way(
    hub: HubServer, tmp_path: Path, given: dict[str, Any], kind: str, problem: str
) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    done = push(tmp_path, hub.address, **given)
    message = f"{kind}: {given.get('name', 'owner/name')}: {problem}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    assert hub.committed == []


@pytest.mark.parametrize(
    ("path", "status", "kind", "problem"),
    [
        (
            "/api/repos/create",
            403,
            "ConfigError",
            "the token may not write there (take one with write access, or your own name)",
        ),
        (
            "/api/datasets/owner/name/commit/main",
            418,
            "OutputError",
            f"the hub answers with error 418 ({KEPT})",
        ),
    ],
)
def test_what_the_hub_refuses(
    hub: HubServer, tmp_path: Path, path: str, status: int, kind: str, problem: str
) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    hub.there = False
    hub.refusals[path] = status
    done = push(tmp_path, hub.address, private=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{kind}: owner/name: {problem}\n")
    assert path in hub.asked


def test_nobody_answers(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with HubServer() as server:
        address = server.address
    done = push(tmp_path, address)
    assert done.returncode == 1
    assert done.stderr == (
        "OutputError: owner/name: the hub cannot be reached"
        " (check the network; the folder stays as it is; send it again later)\n"
    )


def test_a_folder_that_is_no_export(hub: HubServer, tmp_path: Path) -> None:
    done = push(tmp_path, hub.address)
    assert done.stderr == f"DataError: {tmp_path}: holds no manifest.json (give a folder that export made)\n"
    assert hub.asked == []
