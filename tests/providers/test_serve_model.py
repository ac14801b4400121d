"""The served model against the embedded provider's own numbers: the same text, through HTTP, cut by the echo."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")
pytest.importorskip("tokenizers", reason="the extra [embedded] is not installed")

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ConfigError, ModelMissing
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.embedded import EmbeddedProvider
from cje_audit.providers.http.spelling import spell
from cje_audit.providers.registry import make_provider
from cje_audit.providers.serve_model import serve_model
from cje_audit.providers.smollm.fetch import MODEL_NAME, model_path
from tests.providers.texts import AWKWARD

pytestmark = pytest.mark.model
SERVE = "import sys; from cje_audit.providers.serve_model import serve_model; serve_model(0, workers=1, say=lambda url: print(url, flush=True))"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The base address of a served model."""
    try:
        model_path()
    except ModelMissing as error:
        pytest.skip(error.sentence)
    process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def policy(url: str, **changes: object) -> Policy:
    known = {"name": "a", "provider": "openai_compatible", "base_url": url, "model": MODEL_NAME, "max_tokens": 8}
    return Policy.model_validate(known | changes)


def both(asked: Policy, prompt: str, response: str, *, ended: bool = False) -> tuple[LogProbResult, LogProbResult]:
    """Score through HTTP and in process."""

    async def ask() -> tuple[LogProbResult, LogProbResult]:
        served, own = make_provider(asked), EmbeddedProvider(workers=1)
        embedded = asked.model_copy(update={"provider": "embedded", "base_url": None})
        try:
            one, other = await asyncio.gather(
                served.logprobs(asked, prompt, response, ended=ended),
                own.logprobs(embedded, prompt, response, ended=ended),
            )
            return one.result, other.result
        finally:
            await served.aclose()
            await own.aclose()

    return asyncio.run(ask())


TEXTS = {
    **AWKWARD,
    "code": ("Write code.", "def f(x):\n\treturn x + 1  # tab"),
    "long": ("Count.", " ".join(str(i) for i in range(60))),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("template", ["completion", "chat"])
def test_log_probs_are_the_embedded_models(url: str, name: str, template: str) -> None:
    prompt, response = TEXTS[name]
    served, own = both(policy(url, template=template, system_prompt="Be brief."), prompt, response, ended=True)
    assert served.tokens == own.tokens and served.ends_with_stop == own.ends_with_stop, served.detail
    assert served.token_logprobs == pytest.approx(own.token_logprobs, abs=1e-4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_4000_token_answer(url: str) -> None:
    words = ["the", "cat", "and", "a", "dog", "see", "one", "red", "house", "by", "night"]
    response = " ".join(words[i * i % len(words)] for i in range(4000))
    served, own = both(policy(url), "List the rows.", response)
    assert served.tokens == own.tokens and len(own.tokens) >= 4000
    assert served.unwrap() == pytest.approx(own.unwrap(), abs=1e-2)


def test_a_response_that_joins_the_prompts_last_token_is_no_number(url: str, tmp_path: Path) -> None:
    template = tmp_path / "bare.jinja"
    template.write_text("{{ prompt }}", encoding="utf-8")
    served, own = both(policy(url, template=str(template)), "The cap", "ital of France")
    assert served.code is own.code is FailureCode.TOKEN_BOUNDARY


def test_a_text_that_is_too_long_is_a_code(url: str) -> None:
    served, own = both(policy(url), "Go on.", "word " * 9000)
    assert served.code is own.code is FailureCode.CONTEXT_OVERFLOW


@pytest.mark.parametrize("max_tokens", [0, 1])
def test_echo_with_and_without_a_generated_token(url: str, max_tokens: int) -> None:
    asked = {"prompt": "One two three", "echo": True, "logprobs": 2, "max_tokens": max_tokens, "temperature": 0}
    answer = httpx.post(f"{url}/completions", json=asked, timeout=60).json()
    block = answer["choices"][0]["logprobs"]
    assert len(block["tokens"]) == 3 + max_tokens and block["token_logprobs"][0] is None
    assert "".join(block["tokens"]) == answer["choices"][0]["text"]
    assert block["text_offset"][:3] == [0, 3, 7]
    found = spell(block["tokens"], "One", "One two three")
    assert found is not None and found.first == 1
    assert answer["usage"]["prompt_tokens"] == 3


def test_what_is_written_greedily_has_the_log_probs_of_teacher_forcing(url: str) -> None:
    asked = {"prompt": "The capital of France is", "logprobs": 1, "max_tokens": 8, "temperature": 0}
    block = httpx.post(f"{url}/completions", json=asked, timeout=60).json()["choices"][0]["logprobs"]
    again = {"prompt": asked["prompt"] + "".join(block["tokens"]), "echo": True, "logprobs": 1, "max_tokens": 0}
    echoed = httpx.post(f"{url}/completions", json=again, timeout=60).json()["choices"][0]["logprobs"]
    assert echoed["tokens"][-8:] == block["tokens"]
    assert echoed["token_logprobs"][-8:] == pytest.approx(block["token_logprobs"], abs=1e-4)


def test_generation_repeats_with_its_draw_and_differs_between_draws(url: str) -> None:
    p = policy(url, template="chat")

    async def ask() -> list[str]:
        made = make_provider(p)
        answers = [await made.generate(p, "Name an animal.", draw=draw) for draw in (0, 0, 1, 2)]
        await made.aclose()
        return [a.result.unwrap() for a in answers]

    first, again, *others = asyncio.run(ask())
    assert first == again and any(other != first for other in others)


def test_a_judge_by_log_prob_agrees_with_the_embedded_one(url: str) -> None:
    served = Judge(
        kind="logprob", provider="openai_compatible", base_url=url, model=MODEL_NAME, prompt="{response}? Yes or No."
    )
    own = served.model_copy(update={"provider": "embedded", "base_url": None})

    async def ask() -> list[float]:
        scores = []
        for judge in (served, own):
            made = make_provider(judge)
            scores.append((await made.judge(judge, "", "Is water wet", draw=0)).result.unwrap())
            await made.aclose()
        return scores

    one, other = asyncio.run(ask())
    assert one == pytest.approx(other, abs=0.05)  # the served odds add up all spellings of Yes and No


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_request_error"),
        (b'{"prompt": ""}', 400, "invalid_request_error"),
        (b'{"prompt": "a", "model": "gpt"}', 404, "model_not_found"),
        (b'{"prompt": "a", "n": 2}', 400, "invalid_request_error"),
        (b'{"prompt": "' + b"a b c " * 9000 + b'"}', 400, "context_length_exceeded"),
    ],
)
def test_refusals_have_openais_form(url: str, body: bytes, status: int, code: str) -> None:
    answer = httpx.post(f"{url}/completions", content=body, timeout=60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_only_this_machine_is_served() -> None:
    with pytest.raises(ConfigError, match="this machine only"):
        serve_model(0, host="0.0.0.0")
