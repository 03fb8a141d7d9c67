"""Small dialogues from which much can be learned: what the customer says is a cue to the next strategy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import dspy
from dspy.lm15 import Request, Response, UnsupportedFeatureError

from csc_dspy.conversations import Conversation
from csc_dspy.lm import Adapter, Answer, Task, using
from csc_dspy.optimizers._base import Bench
from csc_dspy.optimizers.objective import objective
from csc_dspy.optimizers.trials import Trial, Trials
from csc_dspy.programs import Options, Program, create
from csc_dspy.programs.teaching import training_examples
from csc_dspy.taxonomy import Language, load_taxonomy

_CUES: Final = {
    "en": (
        "amber",
        "birch",
        "copper",
        "dahlia",
        "ebony",
        "fern",
        "garnet",
        "hazel",
        "indigo",
        "jasmine",
        "kelp",
        "lilac",
    ),
    "zh": ("琥珀", "白桦", "青铜", "大丽", "乌木", "蕨草", "石榴", "榛果", "靛蓝", "茉莉", "海藻", "丁香"),
}
_FRAMES: Final = {
    "en": ("It is about {cue}, order {number}.", "{cue}, please!", "And what of my {cue}?"),
    "zh": ("是关于{cue}的，订单{number}。", "{cue}，麻烦了！", "那我的{cue}呢？"),
}
_SAID: Final = {"en": "Noted, {cue} it is, number {number}.", "zh": "好的，{cue}，编号{number}。"}
SETTINGS: Final[list[tuple[Language, str]]] = [
    ("en", "copc"),
    ("zh", "copc"),
    ("en", "esconv"),
    ("zh", "esconv"),
]


def dialogues(
    count: int, language: Language = "en", taxonomy: str = "copc", *, name: str = "d", shuffled: bool = True
) -> list[Conversation]:
    """Dialogues in which every strategy has its turn: in any order, or in that of the taxonomy."""
    return [
        Conversation.model_validate(_row(f"{name}{number}", language, taxonomy, shuffled=shuffled))
        for number in range(count)
    ]


def _row(name: str, language: Language, taxonomy: str, *, shuffled: bool) -> dict[str, Any]:
    chance = Random(name)
    members = list(load_taxonomy(taxonomy).strategies)
    if shuffled:
        chance.shuffle(members)
    turns: list[dict[str, str]] = []
    for member in members:
        cue = _CUES[language][member.number - 1]
        frame = chance.choice(_FRAMES[language])
        number = chance.randrange(1000)
        turns += [
            {"speaker": "customer", "text": frame.format(cue=cue, number=number)},
            {
                "speaker": "supporter",
                "strategy": member.id,
                "text": _SAID[language].format(cue=cue, number=number),
            },
        ]
    return {"id": name, "language": language, "taxonomy": taxonomy, "dialogue": turns}


def bare(name: str, language: Language = "en", taxonomy: str = "copc") -> Program:
    """A program as it comes."""
    return create(name, Options(language=language, taxonomy=load_taxonomy(taxonomy)))


def bench_for(
    program: Program,
    train: Sequence[Conversation],
    dev: Sequence[Conversation],
    *,
    metric: str | None = None,
    seed: int = 0,
    told: Callable[[Trial], None] = lambda _trial: None,
) -> Bench:
    """What an optimizer needs."""
    wish = objective(metric, program)
    return Bench(
        train=list(training_examples(program, train)),
        dev=list(training_examples(program, dev)),
        objective=wish,
        trials=Trials(dev, wish, told=told, concurrency=4),
        seed=seed,
        concurrency=4,
    )


def small_bench(program: Program, *, shuffled: bool = True, **options: Any) -> Bench:  # noqa: ANN401  those of bench_for
    """Six dialogues to learn from and two to choose by."""
    language, taxonomy = program.options.language, program.options.taxonomy.id
    train = dialogues(6, language, taxonomy, shuffled=shuffled)
    dev = dialogues(2, language, taxonomy, name="dev", shuffled=shuffled)
    return bench_for(program, train, dev, **options)


@contextmanager
def embedded() -> Iterator[None]:
    """The embedded engine in force."""
    with using("embedded"):
        yield


class Leaning:
    """A structured engine that understands cues, but leans towards one label.

    The label of the cue is thrice as likely as any other, and then the favoured one ``lean`` times.
    """

    structured = True

    def __init__(self, favoured: int = -1, lean: float = 1.0) -> None:
        self._favoured = favoured
        self._lean = lean

    def __deepcopy__(self, memo: dict[int, Any]) -> Leaning:
        return self

    def complete(self, _request: Request) -> Response:
        """Refuse: there is no prompt that this engine could read."""
        raise UnsupportedFeatureError("no prompts")

    def answer(
        self, _model: str, task: Task, _demonstrations: Sequence[Mapping[str, str]], inputs: Mapping[str, str]
    ) -> Answer:
        """The likeliest label of every field."""
        asked = inputs["conversation"].rpartition("\n")[2]
        right = next(place for place, cue in enumerate(_CUES[task.language]) if cue in asked)
        found = {}
        for output in task.outputs:
            names = [label.name for label in output.labels]
            odds = [3.0 if place == right % len(names) else 1.0 for place in range(len(names))]
            odds[self._favoured] *= self._lean
            found[output.name] = {name: odd / sum(odds) for name, odd in zip(names, odds, strict=True)}
        return Answer({name: max(each, key=each.__getitem__) for name, each in found.items()}, found)


@contextmanager
def leaning(favoured: int = -1, lean: float = 1.0) -> Iterator[None]:
    """Such an engine in force."""
    engine = Leaning(favoured, lean)
    lm = dspy.LM("test/leaning", cache=False, num_retries=0, engine=engine)
    with dspy.context(lm=lm, adapter=Adapter(), disable_history=True, max_trace_size=0):
        yield
