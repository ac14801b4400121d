import math

import numpy as np
import pytest

from cje_audit.bridge.sampler import MultiTargetSampler
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.scoring import compute_log_prob
from cje_audit.providers.scripted import Fault, Script, ScriptedProvider
from tests.faults import kinds, truth
from tests.faults.running import FaultServer, fault_server

BASE = Policy(name="base", provider="scripted", model="m")
BRIEF = BASE.model_copy(update={"name": "brief", "system_prompt": "Be brief."})
CLONE = BASE.model_copy(update={"name": "clone", "role": "clone"})
CONTEXTS = [f"Question {i}?" for i in range(5)]
RESPONSES = [f"Answer {i} it is." for i in range(5)]


@pytest.fixture(scope="module")
def server():
    with fault_server() as running:
        yield running


def scripted(policies, *faults, **more):
    provider = ScriptedProvider(Script(faults=faults))
    return MultiTargetSampler(policies, make=lambda _: provider, **more), provider


def test_the_matrix_holds_the_value_of_every_response_under_every_policy():
    sampler, _ = scripted([BASE, BRIEF])
    matrix = sampler.logp_matrix(CONTEXTS, RESPONSES)
    assert matrix.shape == (5, sampler.K) and matrix.dtype == np.float64 and not matrix.mask.any()
    for i, (context, response) in enumerate(zip(CONTEXTS, RESPONSES, strict=True)):
        for k, policy in enumerate((BASE, BRIEF)):
            assert matrix[i, k] == compute_log_prob(policy, context, response).unwrap()
    assert (matrix.status == "ok").all()


def test_one_policys_failure_is_one_masked_cell_with_its_code():
    sampler, _ = scripted([BASE, BRIEF], Fault(code="echo_mismatch", policy="brief", contains="Answer 3"))
    matrix = sampler.logp_matrix(CONTEXTS, RESPONSES)
    assert np.argwhere(matrix.mask).tolist() == [[3, 1]]
    assert matrix.status[3].tolist() == ["ok", "echo_mismatch"]


def test_a_weight_is_none_where_either_result_is_invalid():
    sampler, _ = scripted([BASE, BRIEF])
    ok, other = LogProbResult.success((-2.0,), ("a",)), LogProbResult.success((-1.0,), ("a",))
    lost = LogProbResult.failure(FailureCode.NON_FINITE)
    assert sampler.compute_importance_weights({"base": ok, "brief": other}) == {"base": 1.0, "brief": math.e}
    assert sampler.compute_importance_weights({"base": ok, "brief": lost}) == {"base": 1.0, "brief": None}
    assert sampler.compute_importance_weights({"base": lost, "brief": ok}) == {"base": None, "brief": None}
    assert sampler.compute_importance_weights({"brief": ok}) == {"brief": None}


def test_a_weight_is_not_clipped_and_none_beyond_float64():
    sampler, _ = scripted([BASE, BRIEF])
    far, near = LogProbResult.success((-60.0,), ("a",)), LogProbResult.success((-1.0,), ("a",))
    assert sampler.compute_importance_weights({"base": far, "brief": near})["brief"] == math.exp(59)
    beyond = LogProbResult.success((-2000.0,), ("a",))
    assert sampler.compute_importance_weights({"base": beyond, "brief": near})["brief"] is None


def test_a_batch_keeps_every_sample_in_its_order():
    sampler, _ = scripted([BASE, BRIEF], Fault(code="auth", contains="Answer 1"))
    samples = [(str(i), c, r) for i, (c, r) in enumerate(zip(CONTEXTS, RESPONSES, strict=True))]
    batch = sampler.process_batch(samples)
    assert [s.sample_id for s in batch.results] == list("01234")
    assert (batch.n_used, batch.n_total) == (4, 5)
    assert dict(batch.results[1].importance_weights) == {"base": None, "brief": None}
    assert batch.failures() == {"base": {"auth": 1}, "brief": {"auth": 1}}
    assert all(s.importance_weights["base"] == 1.0 for s in batch.results if s.all_valid)


def test_an_answer_is_asked_for_once_and_a_failure_again():
    sampler, provider = scripted([BASE, BRIEF], Fault(code="auth", contains="Answer 1", times=1))
    sampler.logp_matrix(CONTEXTS, RESPONSES)
    first = len(provider.calls)
    assert not sampler.logp_matrix(CONTEXTS, RESPONSES).mask.any()
    assert (first, len(provider.calls) - first) == (10, 2)


def test_one_identity_is_asked_once_but_a_clone_for_its_own():
    twin = BASE.model_copy(update={"name": "twin"})
    sampler, provider = scripted({"base": BASE, "twin": twin, "clone": CLONE})
    sampler.process_sample("1", "p", "r")
    assert len(provider.calls) == 2


@pytest.mark.parametrize("policies", [[], [BASE, BASE]])
def test_policies_need_names_of_their_own(policies):
    with pytest.raises(ConfigError):
        MultiTargetSampler(policies)


def test_what_does_not_fit_together_is_one_sentence():
    with pytest.raises(ConfigError, match="There is no policy nobody; there are base"):
        MultiTargetSampler([BASE], "nobody")
    with pytest.raises(ConfigError, match="2 contexts, but 1 responses"):
        MultiTargetSampler([BASE]).logp_matrix(["a", "b"], ["c"])


def test_under_a_mix_of_all_faults_every_cell_is_the_truth_or_a_code(server: FaultServer):
    server.configure(mix=kinds.even_mix(0.3, tuple(k for k in kinds.MIX if k != "hang")), retry_after_s=0.01)
    policies = [
        Policy(name=n, model="m", base_url=server.url, system_prompt=s)
        for n, s in (("a", "Be brief."), ("b", "Go on."))
    ]
    contexts = [f"Question {i}?" for i in range(60)]
    responses = [f"Answer {i} is {'yes ' * (i % 9)}of course." for i in range(60)]
    matrix = MultiTargetSampler(policies, max_attempts=2).logp_matrix(contexts, responses)
    for i, (context, response) in enumerate(zip(contexts, responses, strict=True)):
        for k, policy in enumerate(policies):
            if matrix.status[i, k] == "ok":
                prefix = f"{policy.system_prompt}\n\n{context}\n\n"
                assert matrix[i, k] == math.fsum(truth.response_values("m", prefix, response))
            else:
                assert matrix.status[i, k] in set(FailureCode) and np.ma.is_masked(matrix[i, k])
    assert 0 < matrix.mask.sum() < matrix.size
