"""The hub, played by a server on this machine: what is downloaded, and what can go wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.metrics.neural.tiny_models import PAIRS

pytest.importorskip("torch", reason="the extra neural is not installed")
pytest.importorskip("transformers", reason="the extra neural is not installed")

COMMIT = "4ab2" * 10
# Besides the model's own: what other libraries or nobody ought to read.
OTHERS = {"pytorch_model.bin": b"pickled", "onnx/model.safetensors": b"onnx", "README.md": b"# Tiny"}
REFUSALS = {
    "owner/missing": (401, "RepoNotFound"),
    "owner/gated": (403, "GatedRepo"),
    "owner/broken": (418, ""),
}
SCORE = f"""
import sys
from csc_dspy.exceptions import ConfigError
from csc_dspy.metrics.neural import BertScore, Encoder
for model in sys.argv[1:]:
    try:
        print(BertScore({{"zh": Encoder(model)}}).scores({PAIRS!r}, "zh"))
    except ConfigError as error:
        print(error)
"""


class Hub(BaseHTTPRequestHandler):
    """Answers what `huggingface_hub` asks of a model ``owner/name``."""

    protocol_version = "HTTP/1.1"

    def __init__(self, files: dict[str, bytes], asked: list[str], *rest: object) -> None:
        self.files, self.asked = files, asked
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.asked.append(path)
        for name, (status, code) in REFUSALS.items():
            if path.startswith(f"/api/models/{name}"):
                return self.answer(status, b"{}", {"X-Error-Code": code})
        if "/no-such" in path:
            return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        if "/tree/" in path:
            entries = [
                {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                for name, content in self.files.items()
            ]
            return self.answer(200, json.dumps(entries).encode())
        if path.startswith("/owner/lost/"):
            return self.answer(404, b"{}", {"X-Error-Code": "EntryNotFound"})
        if "/resolve/" in path:
            name = path.partition(f"/resolve/{COMMIT}/")[2]
            return self.answer(200, self.files[name], {"ETag": f'"{name}"', "X-Repo-Commit": COMMIT})
        siblings = [{"rfilename": name} for name in self.files]
        told = {"id": "owner/name", "sha": COMMIT, "siblings": siblings}
        return self.answer(200, json.dumps(told).encode())

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
def asked() -> list[str]:
    """The paths that the hub is asked for."""
    return []


@pytest.fixture
def port(encoder: Path, asked: list[str]) -> Iterator[int]:
    """Where the hub listens."""
    files = OTHERS | {path.name: path.read_bytes() for path in encoder.iterdir()}
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Hub, files, asked)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def scored(*models: str, port: int, folder: Path, offline: str = "0") -> subprocess.CompletedProcess[str]:
    """What a process of its own prints of each model, for which that port is the hub."""
    there = {"HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(folder / "hub")}
    return subprocess.run(
        [sys.executable, "-c", SCORE, *models],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **there, "HF_HUB_OFFLINE": offline, "TRANSFORMERS_OFFLINE": offline},
    )


def test_a_model_is_downloaded_once_and_no_more_of_it_than_is_read(
    port: int, asked: list[str], encoder: Path, home: Path, tmp_path: Path
) -> None:
    model = "owner/name@refs/pr/1"
    online = scored(model, port=port, folder=tmp_path)
    assert asked[0] == "/api/models/owner/name/revision/refs/pr/1"
    files = {path.partition("/resolve/")[2].partition("/")[2] for path in asked if "/resolve/" in path}
    assert files == {path.name for path in encoder.iterdir()}
    shutil.rmtree(home)
    asked.clear()
    offline = scored(model, port=port, folder=tmp_path, offline="1")
    assert offline.stdout == online.stdout
    assert offline.stdout.count(",") == len(PAIRS) - 1
    assert (online.stderr, offline.stderr, asked) == ("", "", [])


def test_what_can_go_wrong_is_told_in_a_line(port: int, tmp_path: Path) -> None:
    not_public = (
        "is neither a folder nor a public model on the hub "
        "(check the name, or set CSC_DSPY_BERTSCORE_MODEL_ZH to its folder)"
    )
    remedy = (
        "(download the model where there is a network, and set CSC_DSPY_BERTSCORE_MODEL_ZH to its folder)"
    )
    told = {
        "owner/missing": not_public,
        "owner/gated": not_public,
        "owner/name@no-such": "the model has no such revision on the hub",
        "owner/lost": f"cannot be had from the hub (RemoteEntryNotFoundError) {remedy}",
        "owner/broken": f"is neither a folder nor kept from the hub, and the hub cannot be asked {remedy}",
    }
    done = scored(*told, port=port, folder=tmp_path)
    assert done.stdout.splitlines() == [f"{model}: {problem}" for model, problem in told.items()]
    assert done.stderr == ""
