"""Every way to end: its exit code, and one line on stderr."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from csc_dspy.cli.running import run

Trial = Callable[..., "subprocess.CompletedProcess[str]"]
TRIAL = Path(__file__).with_name("trial_commands.py")


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("well", 0, ""),
        ("check failed", 1, ""),
        ("failures", 3, ""),
        ("refused", 2, "error: x.json: a row has no turns (mend it)\n"),
        ("missing file", 2, "error: x.json: No such file or directory\n"),
        ("other pipe", 2, "error: Broken pipe\n"),
        ("bug", 70, "error: KeyError: this is a bug; run again with -v for the traceback\n"),
        ("interrupted", 130, "interrupted\n"),
    ],
)
def test_each_end_has_its_code_and_line(trial: Trial, how: str, code: int, said: str) -> None:
    shown = trial("end", how, "--out", "x.json")
    assert (shown.returncode, shown.stderr, shown.stdout) == (code, said, "")


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """A shell makes what it runs in the background ignore Ctrl-C, and that is inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts(sent: signal.Signals) -> None:
    command = [sys.executable, str(TRIAL), "end", "waits", "--out", "x"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(sent)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "interrupted\n")


def test_the_traceback_of_a_bug_is_shown_when_asked_for(trial: Trial) -> None:
    shown = trial("end", "bug", "--out", "x", "-v")
    assert shown.returncode == 70
    assert "trial_commands.py" in shown.stderr
    assert "13800000000" not in shown.stderr
    assert "KeyError: message withheld" in shown.stderr


def test_the_message_of_a_bug_is_shown_only_with_content(trial: Trial) -> None:
    assert "KeyError: '13800000000'" in trial("end", "bug", "--out", "x", "-v", "--log-content").stderr


def test_the_traceback_goes_to_the_log_file_in_any_case(trial: Trial) -> None:
    shown = trial("--log-file", "log", "end", "bug", "--out", "x")
    assert "trial_commands.py" not in shown.stderr
    assert "trial_commands.py" in Path("log").read_text(encoding="utf-8")


def test_a_command_that_cannot_be_imported_is_a_bug_with_a_traceback() -> None:
    code = (
        "import sys\n"
        "from csc_dspy.cli.commands import LazyGroup\n"
        "from csc_dspy.cli.global_options import GLOBAL_OPTIONS\n"
        "from csc_dspy.cli.running import run\n"
        "app = LazyGroup('csc-dspy', {'broken': ('no_such_module:x', '')}, params=list(GLOBAL_OPTIONS))\n"
        "sys.exit(run(app, ['-v', 'broken']))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, encoding="utf-8")
    assert shown.returncode == 70
    assert shown.stderr.startswith("error: ModuleNotFoundError: this is a bug")
    assert "import_module" in shown.stderr


def test_main_can_be_called_with_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    from csc_dspy.cli.main import app, main

    assert main(["--version"]) == run(app, ["--version"]) == 0
    assert capsys.readouterr().out.count("csc-dspy, version") == 2
    assert main(["no-such-command"]) == 2
    assert signal.getsignal(signal.SIGTERM) is not signal.default_int_handler


def test_a_secret_in_an_error_is_struck_out(trial: Trial) -> None:
    shown = trial("end", "refused", "--out", "a-very-secret-key", env={"TRIAL_API_KEY": "a-very-secret-key"})
    assert shown.stderr == "error: ***: a row has no turns (mend it)\n"
