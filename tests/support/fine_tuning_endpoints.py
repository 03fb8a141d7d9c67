"""The files and fine-tuning jobs of the test server: uploads, jobs that go through their stages, faults."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import BodyPartReader, web

from tests.support.behaviours import HEALTHY, Behaviour, fails

STAGES = ("validating_files", "queued", "running", "succeeded")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FineTuning:
    """An account: what was uploaded, the jobs, and what goes wrong.

    A job goes on by one of ``stages`` whenever it is looked at, and stays at the last. ``faults`` are for the
    next requests, one after the other: an error is answered before anything is done, and a connection is
    cut (``cut_after``) after it was done.
    """

    def __init__(self, key: Callable[[], str | None]) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        """Method and path of every request."""
        self.stages: tuple[str, ...] = STAGES
        self.problem = "The training file has an invalid row."
        """Why jobs fail that do."""
        self.faults: deque[Behaviour] = deque()
        self._key = key
        self._looked: dict[str, int] = {}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Serve the endpoints."""
        router.add_post("/v1/files", self._guarded(self._upload))
        router.add_get("/v1/files", self._guarded(self._list(self.files)))
        router.add_post("/v1/fine_tuning/jobs", self._guarded(self._create))
        router.add_get("/v1/fine_tuning/jobs", self._guarded(self._list(self.jobs)))
        router.add_get("/v1/fine_tuning/jobs/{id}", self._guarded(self._look))
        router.add_post("/v1/fine_tuning/jobs/{id}/cancel", self._guarded(self._cancel))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            self.asked.append((request.method, request.path))
            fault = self.faults.popleft() if self.faults else HEALTHY
            key = self._key()
            if key is not None and request.headers.get("Authorization") != f"Bearer {key}":
                fault = fails(401, "Incorrect API key provided", "invalid_api_key")
            if fault.status != 200:
                await request.read()
                error = {"message": fault.message, "type": "error", "code": fault.code}
                return web.json_response({"error": error}, status=fault.status, headers=dict(fault.headers))
            answer = await handler(request)
            if fault.cut_after is not None and request.transport is not None:
                request.transport.close()
            return answer

        return guarded

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        name, content, purpose = "", b"", ""
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "file":
                name, content = part.filename or "", bytes(await part.read())
            else:
                purpose = await part.text()
        assert purpose == "fine-tune"
        number = f"file-{len(self.files) + 1}"
        self.files[number] = {"id": number, "filename": name, "bytes": len(content), "purpose": purpose}
        self.contents[number] = content
        return web.json_response(self.files[number])

    async def _create(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        number = f"ftjob-{len(self.jobs) + 1}"
        self.jobs[number] = {**asked, "id": number, "status": self.stages[0], "fine_tuned_model": None}
        return web.json_response(self.jobs[number])

    async def _look(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["id"]
        if number not in self.jobs:
            return web.json_response({"error": {"message": "No such job"}}, status=404)
        job = self.jobs[number]
        place = self._looked.get(number, 0)
        self._looked[number] = place + 1
        if job["status"] != "cancelled":
            job["status"] = self.stages[min(place, len(self.stages) - 1)]
        if job["status"] == "succeeded":
            job |= {"fine_tuned_model": f"ft:{job['model']}:shop::1", "trained_tokens": 1234}
        if job["status"] == "failed":
            job["error"] = {"code": "invalid_training_file", "message": self.problem}
        return web.json_response(job)

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        job = self.jobs[request.match_info["id"]]
        job["status"] = "cancelled"
        return web.json_response(job)

    def _list(self, content: dict[str, dict[str, Any]]) -> Handler:
        async def listed(request: web.Request) -> web.StreamResponse:
            newest = list(content.values())[::-1]
            after, limit = request.query.get("after"), int(request.query.get("limit", 20))
            begin = [each["id"] for each in newest].index(after) + 1 if after else 0
            page = newest[begin : begin + limit]
            more = begin + limit < len(newest)
            return web.json_response(json.loads(json.dumps({"data": page, "has_more": more})))

        return listed
