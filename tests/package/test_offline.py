"""Tests cannot reach the network, not even through a process that they start."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

import pytest
from pytest_socket import SocketConnectBlockedError

# Reserved for documentation, so nobody is ever at home there.
ELSEWHERE = "203.0.113.1"


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_connection_elsewhere_is_refused() -> None:
    with socket.socket() as client, pytest.raises(SocketConnectBlockedError, match=ELSEWHERE):
        client.connect((ELSEWHERE, 80))


def test_a_connection_to_this_machine_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            server.accept()[0].close()

        answer = threading.Thread(target=hang_up)
        answer.start()
        with socket.create_connection(server.getsockname()) as client:
            assert client.recv(1) == b""
        answer.join()


def test_a_started_process_asks_nobody() -> None:
    source = f"import urllib.request; urllib.request.urlopen('http://{ELSEWHERE}/')"
    process = subprocess.run(
        [sys.executable, "-c", source], check=False, capture_output=True, encoding="utf-8", timeout=60
    )
    assert "Connection refused" in process.stderr


def test_the_hub_is_switched_off() -> None:
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE
