"""The preflight against servers that nobody wrote for a test: one that scores well, one off by a token, two mute ones.

Each needs the embedded model, and a variable that names an interpreter with the server (docs/doctor.md); else its test
is skipped.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.errors import InputError
from cje_audit.domain.policy import Policy
from cje_audit.providers.scoring import compute_log_prob
from cje_audit.providers.smollm.fetch import MODEL_NAME
from tests.providers.texts import AWKWARD
from tests.stages.doctor.asking import examined, experiment, failing
from tests.stages.doctor.real_servers import LLAMA_CPP, as_folder, embedded_model, free_port, interpreter, serving

TEXTS = {
    **AWKWARD,
    "digits": ("What is 12 + 30?", "12 + 30 = 42."),
    "long": ("Tell me a story.", "Once upon a time there was a fox, and it met a bear. " * 60),
}

pytestmark = [pytest.mark.slow, pytest.mark.model]


@pytest.fixture
def llama_cpp_python(tmp_path: Path) -> Iterator[tuple[str, str]]:
    python, model, port = interpreter("LLAMA_CPP_PYTHON"), str(embedded_model()), free_port()
    options = ["--model", model, "--port", str(port), "--logits_all", "true", "--n_ctx", "2048"]
    with serving([python, "-m", "llama_cpp.server", *options], port, tmp_path / "server.log") as url:
        yield url, model


@pytest.fixture
def llama_cpp(tmp_path: Path) -> Iterator[tuple[str, str]]:
    python, model, port = interpreter("XLLAMACPP_PYTHON"), str(embedded_model()), free_port()
    with serving([python, "-c", LLAMA_CPP, model, str(port)], port, tmp_path / "server.log") as url:
        yield url, model


@pytest.fixture
def transformers_serve(tmp_path: Path) -> Iterator[tuple[str, str]]:
    python, port = interpreter("TRANSFORMERS_PYTHON"), free_port()
    model = str(as_folder(python, tmp_path / "model"))
    command = [str(Path(python).with_name("transformers")), "serve", model, "--device", "cpu", "--port", str(port)]
    with serving(command, port, tmp_path / "server.log") as url:
        yield url, model


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    python, port, folder = interpreter("VLLM_PYTHON"), free_port(), tmp_path_factory.mktemp("vllm")
    model = as_folder(python, folder / "model")
    options = ["--host", "127.0.0.1", "--port", str(port), "--served-model-name", "m", "--max-model-len", "2048"]
    options += ["--dtype", "float32", "--enforce-eager", "--max-num-seqs", "4"]
    command = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model), *options]
    with serving(command, port, folder / "server.log", seconds=240) as url:
        yield url, model


@pytest.mark.parametrize("provider", ["vllm", "openai_compatible"])
def test_a_real_vllm_passes_every_probe_of_scoring(vllm: tuple[str, Path], provider: str) -> None:
    url, model = vllm
    checks = examined(experiment(url, provider=provider, template=str(model / "chat_template.jinja")))
    assert not failing(checks)
    for probe in ("echo", "sign", "template", "alignment", "greedy", "likely", "noise", "controls", "counts"):
        assert checks[probe, "base"].status is CheckStatus.PASS, checks[probe, "base"].sentence


def test_a_blank_line_that_is_cut_otherwise_before_a_response_is_said_and_is_no_shift(vllm: tuple[str, Path]) -> None:
    checks = examined(experiment(vllm[0], provider="vllm", template="completion"))
    assert checks["alignment", "base"].status is CheckStatus.PASS, checks["alignment", "base"].sentence
    found = checks["greedy", "base"]
    assert found.status is CheckStatus.WARN, found.sentence
    assert "the template's end is the token '\\n\\n'; once a response follows, it is '\\n' and '\\n'" in found.sentence


@pytest.mark.parametrize("template", ["completion", "chat_template.jinja"])
@pytest.mark.parametrize(("prompt", "response"), TEXTS.values(), ids=TEXTS)
def test_a_real_vllm_scores_as_the_model_itself_does(
    vllm: tuple[str, Path], prompt: str, response: str, template: str
) -> None:
    url, model = vllm
    path = template if template == "completion" else str(model / template)
    served = Policy(name="a", provider="vllm", base_url=url, model="m", template=path)
    itself = Policy(name="a", provider="embedded", model=MODEL_NAME, template=path)
    found, truth = (compute_log_prob(p, prompt, response) for p in (served, itself))
    assert found.code == truth.code
    if truth.is_ok:
        assert found.token_logprobs == pytest.approx(truth.token_logprobs, abs=5e-4)
        assert "".join(found.tokens) == response


def test_an_echo_that_is_off_by_one_token_is_caught_on_a_real_server(llama_cpp_python: tuple[str, str]) -> None:
    url, model = llama_cpp_python
    checks = examined(experiment(url, model=model))
    assert checks["echo", "base"].status is CheckStatus.PASS  # nothing in the answer shows it
    found = checks["alignment", "base"]
    assert found.status is CheckStatus.FAIL, found.sentence
    assert "off by a token" in found.sentence


@pytest.mark.parametrize(
    ("server", "came"),
    [("llama_cpp", "only those of the tokens that the server wrote itself"), ("transformers_serve", "is missing")],
)
def test_a_real_server_that_ignores_the_echo_blocks_the_launch(
    server: str, came: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url, model = request.getfixturevalue(server)
    (tmp_path / "prompts.jsonl").write_text('{"prompt_id": "p0", "prompt": "Hi?", "response": "Yes."}\n')
    asked = experiment(url, model=model)
    text = asked.model_copy(update={"data": asked.data.model_copy(update={"path": str(tmp_path / "prompts.jsonl")})})
    audit = Audit.open(tmp_path / "w")
    try:
        found = audit.doctor(text.model_dump_json())
        for policy in ("base", "odd"):
            echo = next(c for c in found.checks if (c.id, c.policy) == ("doctor.echo", policy))
            assert echo.status is CheckStatus.FAIL
            assert f"No log-probs from {policy}: the server ignored the request" in echo.sentence
            assert came in echo.sentence
            assert echo.what_to_do is not None and "vLLM or SGLang" in echo.what_to_do
        later = [c for c in found.checks if c.id == "doctor.alignment"]
        assert {c.status for c in later} == {CheckStatus.NOT_EVALUATED}
        with pytest.raises(InputError, match="preflight"):
            audit.launch(text.model_dump_json(), preflight=found)
        assert audit.runs() == ()
    finally:
        audit.close()
