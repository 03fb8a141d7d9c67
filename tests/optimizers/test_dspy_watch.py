"""Which errors end an optimizer's run, and which are bad answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import dspy
import pytest

from csc_dspy.exceptions import AnswerError, ConfigError, DataError
from csc_dspy.lm import CallError
from csc_dspy.optimizers.prompts.dspy_watch import Halt, Watch


def failing(code: str) -> CallError:
    error = CallError(f"the server says {code}")
    error.code = code
    return error


def raised(watch: Watch, error: Exception | None) -> BaseException | None:
    """What comes out of a call that ends with an error."""
    try:
        with watch.call():
            _end(error)
    except (Halt, Exception) as caught:  # noqa: BLE001 - looked at by the test
        return caught
    return None


def _end(error: Exception | None) -> None:
    if error is not None:
        raise error


@pytest.mark.parametrize("error", [failing("auth"), failing("billing"), ConfigError("no"), KeyError("a bug")])
def test_what_lasts_ends_the_run(error: Exception) -> None:
    watch = Watch()
    caught = raised(watch, error)
    assert isinstance(caught, Halt)
    assert caught.error is error
    # Nothing is asked after it, and what comes then is the first error.
    again = raised(watch, None)
    assert isinstance(again, Halt)
    assert again.error is error


@pytest.mark.parametrize("error", [failing("timeout"), failing("rate_limit"), AnswerError("unreadable")])
def test_what_passes_is_a_bad_answer(error: Exception) -> None:
    watch = Watch()
    assert raised(watch, error) is error
    assert raised(watch, None) is None


def test_many_failures_in_a_row_are_no_accident() -> None:
    watch = Watch()
    error = failing("transport")
    for _ in range(3):
        assert [raised(watch, error) for _ in range(19)] == [error] * 19
        assert raised(watch, None) is None
    outcomes = [raised(watch, error) for _ in range(20)]
    assert outcomes[:19] == [error] * 19
    assert isinstance(outcomes[-1], Halt)


def test_unreadable_answers_never_end_it() -> None:
    watch = Watch()
    error = AnswerError("unreadable")
    assert [raised(watch, error) for _ in range(100)] == [error] * 100


def test_the_first_error_of_many_threads_is_told() -> None:
    watch = Watch()
    errors = [DataError(str(number)) for number in range(64)]

    def halted(error: Exception) -> Exception:
        return watch.halt(error).error

    with ThreadPoolExecutor(8) as threads:
        told = set(threads.map(halted, errors))
    assert len(told) == 1


def test_calls_in_flight_are_waited_for() -> None:
    watch = Watch()
    begun, answered = Event(), Event()
    ended = []

    def slow() -> None:
        with watch.call():
            begun.set()
            answered.wait()
            ended.append("slow")

    with ThreadPoolExecutor(2) as threads:
        call = threads.submit(slow)
        begun.wait()
        raised(watch, failing("auth"))
        settled = threads.submit(watch.settle)
        assert not settled.done()
        answered.set()
        settled.result()
        assert ended == ["slow"]
        call.result()


def test_dspy_does_not_swallow_it() -> None:
    """Neither in its threads nor in its loops."""
    watch = Watch()

    class Broken(dspy.Module):
        def forward(self, **_: object) -> None:
            with watch.call():
                raise failing("auth")

    examples = [dspy.Example(x=number).with_inputs("x") for number in range(40)]
    for threads in (1, 4):
        with pytest.raises(Halt):
            dspy.Evaluate(devset=examples, metric=lambda *_: 1.0, num_threads=threads, max_errors=999)(
                Broken()
            )


def test_a_metric_that_fails_ends_the_run() -> None:
    watch = Watch()
    with pytest.raises(Halt, match="nothing to score"):
        watch.metric(lambda *_: (_ for _ in ()).throw(ConfigError("nothing to score")))(1, 2)
    assert watch.metric(lambda a, b, trace=None: (a, b, trace))(1, 2, trace=3) == (1, 2, 3)
