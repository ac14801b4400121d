"""The preflight against servers that nobody wrote for a test: one whose echo is off by one token, two that ignore it.

Each needs the embedded model, and a variable that names an interpreter with the server (docs/doctor.md); else its test
is skipped.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.errors import InputError
from tests.stages.doctor.asking import examined, experiment
from tests.stages.doctor.real_servers import LLAMA_CPP, as_folder, embedded_model, free_port, interpreter, serving

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
