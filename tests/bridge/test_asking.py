"""Plain code asks: floats or exceptions from the deprecated door, results from the other; never a stand-in."""

import subprocess
import sys
from pathlib import Path

import pytest

import cje_audit
from cje_audit.bridge.asking import ask_all, log_prob
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import UnwrapError
from cje_audit.domain.policy import Policy
from cje_audit.providers.scripted import Fault, Script, ScriptedProvider

POLICY = Policy(name="a", provider="scripted", model="m")


def test_log_prob_warns_and_gives_the_float_of_the_result():
    result = cje_audit.compute_log_prob(POLICY, "2 + 2 =", "It is 4.")
    with pytest.warns(DeprecationWarning, match="compute_log_prob"):
        assert cje_audit.log_prob(POLICY, "2 + 2 =", "It is 4.") == result.unwrap()


@pytest.mark.parametrize("code", [c for c in FailureCode if c is not FailureCode.UNKNOWN])
def test_log_prob_raises_with_the_code_of_every_failure(code):
    provider = ScriptedProvider(Script(faults=(Fault(code=code),)))
    with pytest.warns(DeprecationWarning), pytest.raises(UnwrapError, match=f"failed \\({code}\\)"):
        log_prob(POLICY, "2 + 2 =", "It is 4.", provider=provider)


def test_log_prob_raises_where_nothing_can_be_asked():
    with pytest.warns(DeprecationWarning), pytest.raises(UnwrapError, match="bad_request"):
        log_prob(POLICY.model_copy(update={"provider": "nowhere"}), "p", "r")


def test_a_passing_fault_is_asked_again_and_a_lasting_one_ends_in_its_code():
    script = Script(faults=(Fault(code="server_error", times=1), Fault(code="auth", contains="secret")))
    provider = ScriptedProvider(script)
    passing, lasting = ask_all(
        [(POLICY, "p", "plain"), (POLICY, "p", "secret")], at_once=4, attempts=3, timeout_s=5, make=lambda _: provider
    )
    assert passing.is_ok and lasting.code is FailureCode.AUTH
    assert len([c for c in provider.calls if c[3] == "plain"]) == 2


def test_attempts_are_counted():
    provider = ScriptedProvider(Script(faults=(Fault(code="bad_response"),)))
    (result,) = ask_all([(POLICY, "p", "r")], at_once=1, attempts=2, timeout_s=5, make=lambda _: provider)
    assert result.code is FailureCode.BAD_RESPONSE and len(provider.calls) == 2


def test_an_answer_that_takes_too_long_and_one_that_raises_are_failures():
    class Broken(ScriptedProvider):
        async def logprobs(self, *_, **__):
            raise RuntimeError("what nobody foresaw")

    slow = ScriptedProvider(Script(delay_s=5))
    (late,) = ask_all([(POLICY, "p", "r")], at_once=1, attempts=1, timeout_s=0.05, make=lambda _: slow)
    (odd,) = ask_all([(POLICY, "p", "r")], at_once=1, attempts=1, timeout_s=5, make=lambda _: Broken())
    assert late.code is FailureCode.TIMEOUT
    assert odd.code is FailureCode.UNKNOWN and "RuntimeError" in odd.detail


def test_the_documented_example_runs():
    page = (Path(__file__).resolve().parents[2] / "docs" / "bridge.md").read_text(encoding="utf-8")
    names: dict = {}
    with pytest.warns(DeprecationWarning):
        exec(page.split("```python\n")[1].split("```")[0], names)
    assert names["value"] == names["result"].unwrap() == names["matrix"][0, 0]
    assert names["batch"].n_used == 1 and names["weights"]["base"] == 1.0


def test_importing_the_package_loads_no_provider():
    heavy = "import sys, cje_audit; sys.exit(any(m in sys.modules for m in ('httpx', 'numpy', 'pydantic')))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0
    assert {name for name in cje_audit.__all__ if not hasattr(cje_audit, name)} == set()
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = cje_audit.nonsense
