"""Each refusal becomes the right error, told in one line that names the server, the status and its words."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import dspy
import pytest
from dspy import lm15

from tests.support.behaviours import Behaviour, fails, sends
from tests.support.engines import MakeEngine, new_engine, new_request
from tests.support.openai_server import LLMServer, running

HOST = r"127\.0\.0\.1:\d+"


@pytest.mark.parametrize(
    ("refusal", "kind", "line"),
    [
        (fails(400, "bad 'seed'"), lm15.InvalidRequestError, "answered HTTP 400: bad 'seed'"),
        (fails(422, "bad"), lm15.InvalidRequestError, "answered HTTP 422: bad"),
        (fails(401, "wrong key"), lm15.AuthError, r"answered HTTP 401: wrong key \(check the API key.*\)"),
        (
            fails(403, "not for you"),
            lm15.AuthError,
            r"answered HTTP 403: not for you \(check the API key.*\)",
        ),
        (fails(402, "pay"), lm15.BillingError, r"answered HTTP 402: pay \(the account has no quota left\)"),
        (fails(429, "pay", "insufficient_quota"), lm15.BillingError, "answered HTTP 429: pay .*"),
        (fails(429, "slower"), lm15.RateLimitError, "answered HTTP 429: slower"),
        (
            fails(404, "no"),
            lm15.UnsupportedModelError,
            r"answered HTTP 404 for model 'test': no \(check .*\)",
        ),
        (
            fails(403, "no access", "model_not_found"),
            lm15.UnsupportedModelError,
            "answered HTTP 403 for model 'test': no access .*",
        ),
        (fails(400, "Model Not Exist"), lm15.UnsupportedModelError, "answered HTTP 400 for model 'test': .*"),
        (
            fails(400, "This model's maximum context length is 4096 tokens"),
            lm15.ContextLengthError,
            r"answered HTTP 400: This model's maximum .* \(the prompt is too long for the model\)",
        ),
        (
            fails(400, "long", "context_length_exceeded"),
            lm15.ContextLengthError,
            "answered HTTP 400: long .*",
        ),
        (fails(408, "late"), lm15.TimeoutError, "answered HTTP 408: late"),
        (fails(504, "late"), lm15.TimeoutError, "answered HTTP 504: late"),
        (fails(409, "again"), lm15.ServerError, "answered HTTP 409: again"),
        (fails(500, "a\n b"), lm15.ServerError, "answered HTTP 500: a b"),
        (sends(b'{"choices": []}'), lm15.ServerError, "answered without a choice"),
        (sends(b"{"), lm15.ServerError, "answered something that is not a JSON object"),
        (sends(b'{"choices": 3}'), lm15.ServerError, r"sent an answer that cannot be read \(TypeError\)"),
        (sends(b'{"error": {"message": "x", "code": 429}}'), lm15.RateLimitError, "answered HTTP 429: x"),
        (sends(b'{"error": "it broke"}'), lm15.ServerError, "answered: it broke"),
        (
            sends(b'{"object": "error", "message": "unknown", "code": 404}'),
            lm15.UnsupportedModelError,
            "answered HTTP 404 for model 'test': unknown .*",
        ),
    ],
)
def test_each_refusal_is_the_right_error(
    make_engine: MakeEngine, llm_server: LLMServer, refusal: Behaviour, kind: type[Exception], line: str
) -> None:
    llm_server.usually(refusal)
    with pytest.raises(kind, match=f"^{HOST} {line}$") as caught:
        make_engine(attempts=1).complete(new_request())
    assert caught.value.message == str(caught.value)  # type: ignore[attr-defined]  # lm15's errors have one


def test_dspy_tells_the_same_line(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    llm_server.script(fails(401, "wrong key"))
    lm = dspy.LM("test", engine=make_engine(), num_retries=0, cache=False)
    with pytest.raises(
        dspy.LMAuthError, match=rf"^\[test\] {HOST} answered HTTP 401: wrong key \(.*\)$"
    ) as caught:
        lm("Hello")
    assert caught.value.status == 401


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"detail": "Not Found"}', ": Not Found"),
        (b'{"error": "not here"}', ": not here"),
        (
            b'{"detail": [{"loc": ["body", "seed"], "msg": "no int", "input": "s3cret"}]}',
            ": body.seed: no int",
        ),
        (b'{"detail": ["odd"]}', ""),
        (b"", ""),
        (b"<html><body>Bad gateway</body></html>", ""),
        (b"plain\nwords", ": plain words"),
        (b'["odd"]', ": ['odd']"),
        (b"x" * 1000, f": {'x' * 300}…"),
    ],
)
def test_servers_phrase_refusals_in_many_ways(
    make_engine: MakeEngine, llm_server: LLMServer, body: bytes, line: str
) -> None:
    llm_server.script(Behaviour(status=422, body=body))
    with pytest.raises(lm15.InvalidRequestError) as caught:
        make_engine().complete(new_request())
    assert str(caught.value).partition("HTTP 422")[2] == line


def test_a_redirect_is_not_followed_with_the_key(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    location = f"{llm_server.url}/elsewhere"
    llm_server.script(Behaviour(status=307, headers={"Location": location}))
    with pytest.raises(lm15.InvalidRequestError, match=f"HTTP 307: moved to {location}; give that"):
        make_engine(key="sk-secret").complete(new_request())
    assert len(llm_server.requests) == 1


def test_a_wrong_request_is_not_blamed_on_the_server(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    with pytest.raises(ValueError, match="not valid Unicode"):
        make_engine().complete(new_request("\ud800"))
    assert llm_server.requests == []


def test_a_server_without_tls(make_engine: MakeEngine, llm_server: LLMServer) -> None:
    engine = make_engine(api_base=llm_server.url.replace("http:", "https:"))
    with pytest.raises(lm15.ConfigurationError, match=f"^{HOST} offers no TLS connection"):
        engine.complete(new_request())
    assert engine.statistics.retries == 0


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("Python itself cannot make certificates, and the openssl command is not there")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(key), "-out", str(certificate))
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_certificate_that_nobody_vouches_for(self_signed: ssl.SSLContext) -> None:
    with running(LLMServer(tls=self_signed)) as server:
        engine = new_engine(api_base=server.url, key="sk-secret")
        with pytest.raises(lm15.ConfigurationError, match=r"TLS .* \(ClientConnectorCertificateError\)$"):
            engine.complete(new_request())
        engine.close()
        assert server.requests == []


def test_a_certificate_that_is_vouched_for(
    self_signed: ssl.SSLContext, tmp_path: Path, checkout: Path
) -> None:
    script = """
import sys
from tests.support.engines import new_engine, new_request
print(new_engine(api_base=sys.argv[1]).complete(new_request()).text)
"""
    # Whom to trust is read when a process first makes a connection.
    environment = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "certificate.pem")}
    with running(LLMServer(tls=self_signed)) as server:
        process = subprocess.run(
            [sys.executable, "-c", script, server.url],
            cwd=checkout,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert (process.returncode, process.stderr) == (0, "")
        assert len(server.requests) == 1
