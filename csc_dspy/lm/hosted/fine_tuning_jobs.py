"""The fine-tuning endpoints of OpenAI-compatible servers: files and jobs, one request at a time.

Requests are repeated as patiently as those for answers; an error says what the server said, and never holds
the key or a row.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson
from dspy import lm15

from .backoff import Backoff
from .endpoint import Endpoint, proxy_for
from .errors import InvalidRequestError, ServerError, is_worth_retrying
from .limits import Limits
from .loop_thread import LoopThread
from .refusals import Refusal, refusal
from .transport import connection_failure
from .withholding import withhold

_PURPOSE: Final = "fine-tune"
_FILES: Final = "/files"
_JOBS: Final = "/fine_tuning/jobs"
_PAGE: Final = 100
_LISTED: Final = 1_000
"""The most files or jobs that are looked through; the newest come first."""
_FAILED: Final = frozenset({"failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Job:
    """A fine-tuning job as the server tells it."""

    id: str
    status: str
    """``validating_files``, ``queued``, ``running``, ``succeeded``, ``failed``, ``cancelled``, …"""
    file: str
    model: str | None
    """The name of the new model, once there is one."""
    problem: str
    """Why it failed, in the server's words; empty if it has not."""
    trained_tokens: int | None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in {*_FAILED, "succeeded"}

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Job:
        """The job in an answer; KeyError if there is none."""
        error = answer.get("error") or {}
        return cls(
            id=str(answer["id"]),
            status=str(answer["status"]),
            file=str(answer.get("training_file")),
            model=answer.get("fine_tuned_model") or None,
            problem=" ".join(str(error.get("message") or "").split()) if isinstance(error, dict) else "",
            trained_tokens=answer.get("trained_tokens"),
        )


class FineTuningServer:
    """The files and jobs of one account. Whoever opens it closes it."""

    def __init__(self, endpoint: Endpoint, limits: Limits | None = None) -> None:
        self.endpoint = endpoint
        self._limits = limits or Limits()
        self._backoff = Backoff(self._limits)
        self._proxy = proxy_for(endpoint)
        self._thread = LoopThread()

    def __enter__(self) -> FineTuningServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def upload(self, file: Path, name: str, *, again: bool = False) -> str:
        """Upload rows under a name of their own, and return the id that the server gives them.

        With ``again`` an earlier attempt may have been carried out; then that file is taken.
        """
        size = file.stat().st_size

        def found() -> Mapping[str, Any] | None:
            number = self.find_file(name, size)
            return None if number is None else {"id": number}

        def body() -> aiohttp.FormData:
            form = aiohttp.FormData()
            form.add_field("purpose", _PURPOSE)
            form.add_field("file", file.open("rb"), filename=name, content_type="application/jsonl")
            return form

        return str(((found() if again else None) or self._ask("POST", _FILES, body, lost=found))["id"])

    def find_file(self, name: str, size: int) -> str | None:
        """The id of an uploaded file, if there is one of that name and size."""
        for each in self._listed(_FILES, {"purpose": _PURPOSE}):
            if each.get("filename") == name and each.get("bytes") == size:
                return str(each["id"])
        return None

    def create(self, model: str, file: str, *, again: bool = False, **options: Any) -> Job:  # noqa: ANN401  what the server takes
        """Create a job for an uploaded file.

        With ``again`` an earlier attempt may have been carried out; then that job is taken.
        """
        body = orjson.dumps({"model": self.endpoint.wire_model(model), "training_file": file, **options})

        def found() -> Mapping[str, Any] | None:
            jobs = self._listed(_JOBS, {})
            return next((each for each in jobs if each.get("training_file") == file), None)

        return Job.read((found() if again else None) or self._ask("POST", _JOBS, lambda: body, lost=found))

    def job(self, number: str) -> Job:
        """How far a job is."""
        return Job.read(self._ask("GET", f"{_JOBS}/{quote(number, safe='')}"))

    def cancel(self, number: str) -> Job:
        """Cancel a job."""
        return Job.read(self._ask("POST", f"{_JOBS}/{quote(number, safe='')}/cancel", lambda: b"{}"))

    def close(self) -> None:
        """Close all connections."""
        self._thread.stop()

    def _listed(self, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        after: dict[str, str] = {}
        for _ in range(0, _LISTED, _PAGE):
            page = self._ask("GET", path, query={**query, "limit": str(_PAGE), **after})
            entries = [each for each in page.get("data", []) if isinstance(each, dict)]
            yield from entries
            if not page.get("has_more") or not entries:
                return
            after = {"after": str(entries[-1].get("id"))}

    def _ask(
        self,
        method: str,
        path: str,
        body: Callable[[], Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        lost: Callable[[], Mapping[str, Any] | None] | None = None,
    ) -> Mapping[str, Any]:
        """The answer of the first attempt that succeeds.

        ``lost`` finds out whether an attempt that seems to have failed was carried out after all.
        """
        for attempts in itertools.count(1):
            try:
                return self._thread.run(self._attempt(method, path, body, query))
            except lm15.LM15Error as error:
                if attempts >= self._limits.attempts or not is_worth_retrying(error):
                    raise
                wait = self._backoff.wait(attempts, error.retry_after)
            self._thread.run(asyncio.sleep(wait))
            if lost is not None and (found := lost()) is not None:
                return found
        raise AssertionError("attempts end by succeeding or failing")

    async def _attempt(
        self, method: str, path: str, body: Callable[[], Any] | None, query: Mapping[str, str] | None
    ) -> Mapping[str, Any]:
        limits, key = self._limits, self.endpoint.key
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        content = None if body is None else body()
        if isinstance(content, bytes):
            headers["Content-Type"] = "application/json"
        # An upload takes as long as it takes, as long as something is going on.
        patience = aiohttp.ClientTimeout(
            total=None, sock_connect=limits.connect_timeout, sock_read=limits.timeout
        )
        try:
            async with (
                aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as session,
                session.request(
                    method,
                    f"{self.endpoint.api_base}{path}",
                    data=content,
                    params=query,
                    timeout=patience,
                    allow_redirects=False,
                    proxy=self._proxy,
                ) as response,
            ):
                answer = await response.read()
                status, told = response.status, response.headers
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            failure = connection_failure(error, self.endpoint.host, limits)
        else:
            if status == 200:
                return self._read(answer)
            failure = self._refused(refusal(status, told, answer), path)
        # Raised out here, where it does not take along an error of aiohttp's, which may hold the headers.
        raise failure

    def _read(self, answer: bytes) -> Mapping[str, Any]:
        try:
            content = orjson.loads(answer)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict):
            raise ServerError(f"{self.endpoint.host} answered something that is not a JSON object")
        return content

    def _refused(self, said: Refusal, path: str) -> lm15.LM15Error:
        error = said.error(self.endpoint.host, "")
        if said.status == 404 and not said.code.startswith("model"):
            error = InvalidRequestError(
                f"{self.endpoint.host} knows no {path}: {said.message}", status=said.status
            )
        line = withhold(error.message, prompt=b"", key=self.endpoint.key)
        return type(error)(
            line, status=error.status, provider_code=error.provider_code, retry_after=error.retry_after
        )
