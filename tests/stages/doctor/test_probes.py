"""Single probes on evidence that is made by hand."""

import math
from dataclasses import replace

import pytest

from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor.alignment import alignment, own_words
from cje_audit.stages.doctor.backup import Both, judged
from cje_audit.stages.doctor.controls import controls
from cje_audit.stages.doctor.evidence import Ending, EndpointEvidence, Evidence, Opening
from cje_audit.stages.doctor.greedy import greedy
from cje_audit.stages.doctor.identical import identical
from cje_audit.stages.doctor.likely import likely
from cje_audit.stages.doctor.noise import kept_share, noise, noise_floor


def scored(*values: float, first: str = "a") -> LogProbResult:
    return LogProbResult.success(values, tuple(f"{first}{i}" for i in range(len(values))))


def spelt(*tokens: str) -> LogProbResult:
    return LogProbResult.success((-1.0,) * len(tokens), tokens)


def evidence(noise: float = 0.0) -> Evidence:
    whole = (scored(-1.0, -2.0, -0.5, -3.0), scored(-1.0 - noise, -2.0, -0.5, -3.0))
    own = Opening(scored(-0.2, -0.4), scored(-0.2, -0.4), (scored(-9.0, first="b"),))
    raw = EndpointEvidence(scored(-1.5, -2.5, -0.7), LogProbResult.success((-2.5, -0.7), ("a1", "a2")), (own,))
    policy = Policy(name="p", model="m")
    return Evidence(
        policy,
        raw,
        whole,
        scored(-1.0, -2.0),
        scored(-5.0, -6.0, -7.0, -8.0),
        scored(-1.4, -2.1, -0.1, -3.0),
        Ending(spelt("?", "\n"), spelt("?", "\n", "It")),
    )


def test_all_is_well_with_consistent_evidence() -> None:
    probes = (alignment, greedy, likely, noise, controls)
    assert [p(evidence()).status for p in probes] == [CheckStatus.PASS] * 5


def test_a_server_that_reads_no_prompt_is_seen_by_the_controls() -> None:
    deaf = replace(evidence(), wrong_template=evidence().first)
    found = controls(deaf)
    assert found.status is CheckStatus.FAIL
    assert "wrong template" in found.sentence


def test_own_words_that_are_scored_otherwise_warn_and_are_a_proof_only_where_rivals_are_likelier() -> None:
    said = evidence()
    strange = Opening(scored(-0.2, -0.4), scored(-1.2, -1.4), (scored(-9.0, first="b"),))
    off = replace(said, endpoint=replace(said.endpoint, openings=(strange,)))
    assert greedy(off).status is CheckStatus.WARN
    assert alignment(off).status is CheckStatus.PASS
    outranked = replace(strange, rivals=(scored(-1.0, first="b"),))
    far = Opening(scored(-0.2, -0.4), scored(-8.2, -9.4), ())
    assert alignment(replace(said, endpoint=replace(said.endpoint, openings=(far,)))).status is CheckStatus.FAIL
    worse = replace(said, endpoint=replace(said.endpoint, openings=(outranked,)))
    assert alignment(worse).status is CheckStatus.FAIL
    assert "off by a token" in alignment(worse).sentence


def test_a_template_whose_end_is_cut_otherwise_before_a_response_warns_and_is_no_shift() -> None:
    """As with GPT-2's way of cutting after a blank line: alone it is one token, before a letter it is two."""
    cut = replace(evidence(), ending=Ending(spelt("?", "\n\n"), spelt("?", "\n", "\n", "It", " is")))
    found = greedy(cut)
    assert found.status is CheckStatus.WARN
    assert "is the token '\\n\\n'; once a response follows, it is '\\n' and '\\n'." in found.sentence
    assert alignment(cut).status is CheckStatus.PASS


def test_a_template_whose_last_token_goes_into_the_response_is_said() -> None:
    melted = Ending(spelt("a", "ns"), spelt("a", "nswer"))
    assert melted.recut() == (("ns",), ())
    assert "it is no token of its own" in greedy(replace(evidence(), ending=melted)).sentence


def test_an_ending_that_has_no_answer_is_not_held_against_a_server() -> None:
    lost = Ending(LogProbResult.failure(FailureCode.TOKEN_BOUNDARY, "x"), spelt("a"))
    assert greedy(replace(evidence(), ending=lost)).status is CheckStatus.PASS


def test_of_a_response_that_had_begun_only_what_the_model_wrote_is_compared() -> None:
    tokens = ("The", " sky", " is", " blue", ".")
    whole = LogProbResult.success((-9.0, -8.0, -7.0, -0.2, -0.4), tokens)
    written = LogProbResult.success((-0.2, -0.4), tokens[3:])
    rival = LogProbResult.success((-9.0, -8.0, -7.0, -0.1), (*tokens[:3], " zebra"))
    begun = Opening(written, whole, (rival,), "The sky is")
    told = own_words([begun])
    assert told is not None and (told.mean, told.n_tokens, told.outranked) == (0.0, 2, None)
    likelier = replace(rival, token_logprobs=(-9.0, -8.0, -7.0, 0.0))
    assert own_words([replace(begun, rivals=(likelier,))]) == replace(told, outranked=" zebra")
    assert own_words([replace(begun, begun="The sk")]) is None  # a token goes across


def test_noise_is_measured_in_nats_and_said_as_the_share_it_leaves() -> None:
    assert noise_floor(evidence(0.3)) == pytest.approx(0.3)
    found = noise(evidence(0.3))
    assert found.status is CheckStatus.WARN
    assert f"{math.exp(-0.09):.1%}" in found.sentence
    assert noise(evidence(0.01)).status is CheckStatus.PASS
    assert noise(evidence(1.0)).status is CheckStatus.FAIL
    assert kept_share(1.0) == pytest.approx(0.3678794)


def test_a_noisy_server_is_not_called_misaligned() -> None:
    noisy = replace(evidence(0.2), head=scored(-1.3, -2.3))
    assert alignment(noisy).status is CheckStatus.PASS
    assert alignment(replace(evidence(), head=scored(-1.3, -2.3))).status is CheckStatus.FAIL


def test_a_split_inside_a_token_is_not_counted_as_agreement() -> None:
    said = evidence()
    other = replace(said, endpoint=replace(said.endpoint, raw_second=LogProbResult.success((-2.0,), ("a1a2",))))
    assert "fell inside a token" in alignment(other).sentence
    assert controls(other).status is CheckStatus.PASS


def test_where_the_models_own_words_cannot_be_compared_agreement_is_no_pass() -> None:
    said = evidence()
    mute = replace(said.endpoint, openings=(Opening(LogProbResult.failure(FailureCode.TIMEOUT, "late"), None, ()),))
    found = alignment(replace(said, endpoint=mute))
    assert found.status is CheckStatus.WARN
    assert "would not be seen" in found.sentence


def test_an_unlikely_answer_only_warns() -> None:
    assert likely(replace(evidence(), shuffled=scored(-0.1, -0.1, -0.1, -0.1))).status is CheckStatus.WARN


def test_equal_policies_fail_where_the_model_reads_something_else_and_warn_where_only_sampling_differs() -> None:
    one = evidence()
    cold = replace(one, policy=one.policy.model_copy(update={"name": "cold", "temperature": 0.5}))
    assert identical([one, cold]).status is CheckStatus.WARN
    told = replace(one, policy=one.policy.model_copy(update={"name": "told", "system_prompt": "x"}))
    assert identical([one, told]).status is CheckStatus.FAIL
    assert identical([one]).status is CheckStatus.NOT_EVALUATED


def test_a_backup_is_equal_only_within_the_noise_of_scoring_twice() -> None:
    def twice(noise: float, shift: float = 0.0) -> tuple[LogProbResult, LogProbResult]:
        return (scored(-1.0 + shift, -2.0), scored(-1.0 + shift - noise, -2.0))

    def found(noise: float, shift: float) -> Check:
        return judged("base", Both((twice(noise),) * 4, (twice(noise, shift),) * 4))

    assert found(0.0, 0.0).status is CheckStatus.PASS
    assert found(0.0, 0.04).status is CheckStatus.PASS
    refused = found(0.0, 0.4)
    assert (refused.status, refused.value, refused.threshold) == (CheckStatus.FAIL, pytest.approx(0.4), 0.05)
    assert "0.4 nats per response apart" in refused.sentence
    assert found(0.2, 0.4).status is CheckStatus.PASS
    assert found(0.1, 0.4).status is CheckStatus.FAIL


def test_a_backup_with_another_tokenizer_or_template_is_refused() -> None:
    one, other = scored(-1.0, -2.0), scored(-1.0, -2.0, first="b")
    cut = judged("base", Both(((one, one),) * 4, ((other, other),) * 4))
    assert cut.status is CheckStatus.FAIL and "other tokens" in cut.sentence
    templated = replace(one, before="Question: ")
    read = judged("base", Both(((one, one),) * 4, ((templated, templated),) * 4))
    assert read.status is CheckStatus.FAIL and "another text before" in read.sentence


def test_a_backup_that_gives_no_values_is_not_proved_and_does_not_block() -> None:
    one, lost = scored(-1.0, -2.0), LogProbResult.failure(FailureCode.CONNECTION, "refused")
    found = judged("base", Both(((one, one),) * 4, ((lost, lost),) * 4))
    assert (found.status, found.value) == (CheckStatus.WARN, None)
    assert "could not be proved equal: the backup gave no log-probs (connection: refused)" in found.sentence
