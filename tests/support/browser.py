"""A headless Chromium for tests: pages from disk, real keys and clicks, downloads.

It is driven over a pair of pipes, so no port is open. Tests ask for the fixture ``browser``, and are skipped
where no Chromium is installed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TIMEOUT: Final = 60.0
# The browser's ends of the pipes are its descriptors 3 and 4, by its own rule. Copies that are out of the way
# first: either may have the number of the other's place.
_TAKE_PIPES: Final = """
import fcntl, os, sys
one, other = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(one, 3)
os.dup2(other, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
_CODES: Final = {"ArrowLeft": 37, "ArrowRight": 39, "Tab": 9, "Enter": 13}


def chromium() -> str | None:
    """The browser's command, if it is installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class BrowserError(Exception):
    """The browser did not do as it was told."""


class Page:
    """One page, and since it was opened all ``errors`` in its console and the ``requests`` it made."""

    def __init__(self, commands: int, answers: int, downloads: Path) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.downloads = downloads
        self._commands = commands
        self._answers = answers
        self._unread = b""
        self._numbers = itertools.count(1)
        self._loaded: set[str] = set()
        self._finished = 0
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session: str | None = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")
        self._ask("Page.setLifecycleEventsEnabled", enabled=True)
        self._ask(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(downloads),
            eventsEnabled=True,
        )

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file, or load it again."""
        if fragment:
            # Another fragment alone would not load it again.
            self._load("about:blank")
        self.errors.clear()
        self.requests.clear()
        self._load(path.resolve().as_uri() + fragment)

    def reopen(self, path: Path, condition: str, *, keeping: str = "") -> None:
        """Load a page again until what it kept is there: the browser writes that down in its own time.

        ``keeping`` is what a test itself keeps, by a script; that can get lost on the way to the next page.
        """
        deadline = time.monotonic() + _TIMEOUT
        while True:
            self.evaluate(keeping)
            self.open(path)
            if self.evaluate(condition):
                return
            if time.monotonic() > deadline:
                raise BrowserError(f"was not kept: {condition}")
            time.sleep(0.1)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401  whatever the script says
        """The value of an expression in the page; a promise is waited for."""
        answer = self._ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait for an expression to become true in the page."""
        deadline = time.monotonic() + _TIMEOUT
        while not self.evaluate(condition):
            if time.monotonic() > deadline:
                raise BrowserError(f"never came true: {condition}")
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """What an element shows."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str) -> None:
        """Click in the middle of an element, wherever that has to be scrolled to."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: ``"1"``, ``"ArrowLeft"``."""
        for key in keys:
            text = {"text": key} if len(key) == 1 else {}
            code = _CODES.get(key, ord(key[0]))
            self._ask("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
            self._ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self._ask("Input.insertText", text=text)

    def downloaded(self, selector: str) -> Path:
        """Click on what saves a file; the file."""
        before = set(self.downloads.iterdir())
        self._finished = 0
        self.click(selector)
        self._wait(lambda: self._finished > 0)
        (file,) = set(self.downloads.iterdir()) - before
        return file

    def look(
        self, *, width: int = 1100, height: int = 900, dark: bool = False, printed: bool = False
    ) -> None:
        """Take a size, the light or the dark scheme, and screen or paper."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media="print" if printed else "", features=[scheme])

    def screenshot(self, path: Path) -> None:
        """What is seen of the whole page, as PNG."""
        import base64

        answer = self._ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def _load(self, address: str) -> None:
        loader = self._ask("Page.navigate", url=address)["loaderId"]
        self._wait(lambda: loader in self._loaded)

    def _ask(self, method: str, **params: Any) -> Json:  # noqa: ANN401  each its own
        number = next(self._numbers)
        message: Json = {"id": number, "method": method, "params": params}
        if getattr(self, "_session", None) and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") != number:
                self._hear(answer)
            elif "error" in answer:
                raise BrowserError(f"{method}: {answer['error']['message']}")
            else:
                result: Json = answer["result"]
                return result

    def _wait(self, done: Callable[[], bool]) -> None:
        while not done():
            self._hear(self._next())

    def _hear(self, event: Json) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Page.lifecycleEvent" if params["name"] == "load":
                self._loaded.add(params["loaderId"])
            case "Browser.downloadProgress":
                self._finished += params["state"] == "completed"
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(params["exceptionDetails"]["exception"].get("description", "?"))
            case "Log.entryAdded":
                self.errors.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.errors.append(str(params["args"]))
            case _:
                pass

    def _next(self) -> Json:
        until = time.monotonic() + _TIMEOUT
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._answers], [], [], max(until - time.monotonic(), 0))
            data = os.read(self._answers, 1 << 16) if ready else b""
            if not data:
                raise BrowserError("the browser does not answer" if not ready else "the browser is gone")
            self._unread += data
        message, _, self._unread = self._unread.partition(b"\0")
        answer: Json = json.loads(message)
        return answer


@contextmanager
def browsing(command: str, folder: Path) -> Iterator[Page]:
    """A browser that keeps everything under ``folder``."""
    downloads = folder / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    (in_read, in_write), (out_read, out_write) = os.pipe(), os.pipe()
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder / 'profile'}",
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_PIPES, str(in_read), str(out_write), command, *options],
        pass_fds=(in_read, out_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(in_read)
    os.close(out_write)
    try:
        page = Page(in_write, out_read, downloads)
        yield page
        page._ask("Browser.close")  # noqa: SLF001  of this module
    finally:
        os.close(in_write)
        os.close(out_read)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
