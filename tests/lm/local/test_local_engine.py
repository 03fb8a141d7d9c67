"""``hf:FOLDER``: a model on this machine answers what a server would, alone and with others at once."""

from __future__ import annotations

import asyncio
import copy
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("transformers", reason="the extra train is not installed")

from dspy import lm15

from csc_dspy.exceptions import BudgetError, ConfigError
from csc_dspy.lm import Budget, CallError, connect
from csc_dspy.lm.local import LocalEngine, find_checkpoint
from tests.lm.local.tiny_models import save_chat_model, save_tokenizer

ASKED = ("Where is my parcel?", "我的包裹在哪里？我现在就要退款！" * 3, "x")


def request(text: str, **config: Any) -> lm15.Request:  # noqa: ANN401  each setting has its own type
    return lm15.Request(
        model="hf:tiny",
        system="You answer customers.",
        messages=(lm15.Message.user(text),),
        config=lm15.Config(**{"temperature": 0.0, "max_tokens": 12, **config}),
    )


@pytest.fixture
def engine(chat_model: Path) -> Iterator[LocalEngine]:
    with closing(LocalEngine(find_checkpoint(str(chat_model), "tiny"))) as made:
        yield made


def test_the_likeliest_tokens_are_those_of_transformers(engine: LocalEngine, chat_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(chat_model)
    model = AutoModelForCausalLM.from_pretrained(chat_model)
    for text in ASKED:
        messages = [{"role": "system", "content": "You answer customers."}, {"role": "user", "content": text}]
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")
        length = prompt["input_ids"].shape[1]
        with torch.inference_mode():
            whole = model.generate(**prompt, do_sample=False, max_new_tokens=12)[0, length:]
            scores = model(torch.cat([prompt["input_ids"][0], whole])[None]).logits[0, length - 1 : -1]
        answer = engine.complete(request(text, logprobs=3))
        assert answer.text == tokenizer.decode(whole, skip_special_tokens=True)
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (length, 12)
        assert answer.finish_reason == "length"
        expected = scores.float().log_softmax(-1)
        assert answer.logprobs is not None
        assert [each.token_id for each in answer.logprobs] == whole.tolist()
        for told, row, token in zip(answer.logprobs, expected, whole.tolist(), strict=True):
            assert told.logprob == pytest.approx(float(row[token]), abs=1e-3)
            assert [each.logprob for each in told.top] == pytest.approx(row.topk(3).values.tolist(), abs=1e-3)
        written = b"".join(bytes(each.bytes or ()) for each in answer.logprobs)
        assert written.decode("utf-8", "replace") == answer.text


@pytest.mark.parametrize("config", [{}, {"temperature": 1.0, "seed": 3}, {"temperature": 0.7, "top_p": 0.8}])
def test_an_answer_does_not_depend_on_those_beside_it(engine: LocalEngine, config: dict[str, Any]) -> None:
    alone = [engine.complete(request(text, **config)).text for text in ASKED]
    with ThreadPoolExecutor(9) as pool:
        together = list(pool.map(lambda text: engine.complete(request(text, **config)).text, ASKED * 3))
    assert together == alone * 3


def test_every_seed_gives_another_answer_and_the_same_seed_the_same(engine: LocalEngine) -> None:
    texts = [engine.complete(request("hello", temperature=1.5, seed=seed)).text for seed in [0, 1, 2, 0]]
    assert len(set(texts)) == 3
    assert texts[0] == texts[3]


def test_an_answer_ends_before_a_text_that_stops_it(engine: LocalEngine) -> None:
    whole = engine.complete(request("hello", max_tokens=30)).text or ""
    stop = whole[5:7]
    ended = engine.complete(request("hello", max_tokens=30, stop=(stop, "never said")))
    assert ended.text == whole[: whole.index(stop)]
    assert ended.finish_reason == "stop"
    assert (ended.usage.output_tokens or 0) < 30


def test_event_loops_and_streams_get_the_same(engine: LocalEngine) -> None:
    async def both() -> list[str | None]:
        asked = [engine.asynchronous.complete(request(text)) for text in ASKED]
        return [answer.text for answer in await asyncio.gather(*asked)]

    expected = [engine.complete(request(text)).text for text in ASKED]
    assert asyncio.run(both()) == expected
    events = engine.stream(request(ASKED[0]))
    assert lm15.materialize_response(events, request(ASKED[0])).text == expected[0]


def test_a_prompt_that_is_too_long(tmp_path: Path) -> None:
    small = save_chat_model(tmp_path / "small", positions=80)
    with closing(connect(f"hf:{small}", cache=False).engine) as engine:
        with pytest.raises(
            CallError, match=r"the prompt has [\d,]+ tokens, and the model reads 80"
        ) as caught:
            engine.complete(request("long " * 200))
        assert caught.value.code == "context_length"
        # Others are answered, as far as there is room.
        answer = engine.complete(request("x", max_tokens=4_000))
        assert answer.usage.total_tokens <= 80


def test_it_costs_nothing_and_keeps_to_its_budget(chat_model: Path) -> None:
    budget = Budget(max_calls=2, max_usd=0.0001)
    lm = connect(f"hf:{chat_model}", budget=budget, cache=False, max_tokens=3)
    with closing(lm.engine):
        assert lm.kwargs["max_tokens"] == 3
        lm.engine.complete(request("a"))
        lm.engine.complete(request("b"))
        with pytest.raises(BudgetError, match="limit of 2 calls"):
            lm.engine.complete(request("c"))
    assert budget.usage.output_tokens == 24
    assert budget.usage.to_dict()["usd"] == 0


def test_answers_are_kept_for_the_model_and_not_for_its_place(chat_model: Path, tmp_path: Path) -> None:
    def asked(folder: Path) -> tuple[str | None, int]:
        budget = Budget()
        with closing(connect(f"hf:{folder}", budget=budget).engine) as engine:
            return engine.complete(stopping).text, budget.usage.calls

    # One that ends by itself, because what is cut off is not kept.
    with closing(LocalEngine(find_checkpoint(str(chat_model), "tiny"))) as engine:
        stop = (engine.complete(request("hello")).text or "")[5:7]
    stopping = request("hello", stop=(stop,))
    here, moved = tmp_path / "model", tmp_path / "moved"
    shutil.copytree(chat_model, here)
    first = asked(here)
    assert first[1] == 1
    here.rename(moved)
    assert asked(moved) == (first[0], 0)
    shutil.rmtree(moved)
    save_chat_model(moved, seed=6)
    other = asked(moved)
    assert other[1] == 1
    assert other[0] != first[0]


def test_closing_ends_it(chat_model: Path) -> None:
    engine = LocalEngine(find_checkpoint(str(chat_model), "tiny"))
    assert copy.deepcopy(engine) is engine
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(engine.complete, request("hello", max_tokens=4_000))
        # The first answer takes the model, so it is under way or waits for it when the engine closes.
        engine.close()
        with pytest.raises(lm15.ConfigurationError, match="the engine is closed"):
            asked.result()
    with pytest.raises(lm15.ConfigurationError, match="the engine is closed"):
        engine.complete(request("hello"))


def test_a_tokenizer_without_chat_template(chat_model: Path, tmp_path: Path) -> None:
    shutil.copytree(chat_model, tmp_path / "model")
    for file in ("chat_template.jinja", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "model" / file).unlink()
    save_tokenizer(tmp_path / "model", template=None)
    with (
        closing(connect(f"hf:{tmp_path}/model", cache=False).engine) as engine,
        pytest.raises(CallError, match=r"its tokenizer has no chat template \(name a model"),
    ):
        engine.complete(request("hello"))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (
            "{{ raise_exception('System role not supported') }}",
            "its chat template fails: System role not supp",
        ),
        ("{{ messages[-1]['content'] }}", "its chat template does not put an answer behind the question"),
    ],
)
def test_a_chat_template_of_no_use(template: str, said: str, tmp_path: Path) -> None:
    folder = save_chat_model(tmp_path / "model", template=template)
    with (
        closing(connect(f"hf:{folder}", cache=False).engine) as engine,
        pytest.raises(CallError, match=said),
    ):
        engine.complete(request("hello"))


def test_weights_of_another_model(chat_model: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(chat_model, folder)
    weights = load_file(folder / "model.safetensors")
    left_out = max(weights)
    kept = {name: weight for name, weight in weights.items() if name != left_out}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with closing(connect(f"hf:{folder}", cache=False).engine) as engine:
        for _ in range(2):
            with pytest.raises(CallError, match="its weights are not those of a LlamaForCausalLM"):
                engine.complete(request("hello"))


def test_an_address_is_refused(chat_model: Path) -> None:
    with pytest.raises(ConfigError, match=r"a model on this machine has no address \(leave out --api-base"):
        connect(f"hf:{chat_model}", api_base="http://127.0.0.1:9")
