from cje_audit.checks.verdicts import Decision
from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.report.sentences import fresh_responses, next_step, policy_sentence

THIN = Check(
    id="estimation.ess", policy="B", status=CheckStatus.FAIL, sentence="The rows say little.", what_to_do="Ask."
)
FAULT = Check(
    id="target_policy.uniform_weights",
    policy="B",
    status=CheckStatus.FAIL,
    sentence="Every weight is 1.",
    what_to_do="Check.",
)


def test_the_sentence_of_the_design() -> None:
    said = policy_sentence("B", Decision(Verdict.REFUSE, (THIN,)), None, 1000, 0, 3)
    assert (
        said == "No number for B: it writes text the logs hardly contain (3 rows carry half of its weight, of 1,000)."
    )
    assert next_step("B", Decision(Verdict.REFUSE, (THIN,)), 0.14, (0.0, 1.0)) == (
        "Next: 200 fresh responses of B, judged, for an interval of ± 0.02."
    )


def test_a_fault_comes_before_thin_overlap() -> None:
    decision = Decision(Verdict.REFUSE, (THIN, FAULT))
    assert policy_sentence("B", decision, None, 10, 0, 1) == "No number for B: every weight is 1."
    assert next_step("B", decision, None, (0.0, 1.0)) == "Check."


def test_rank_only_names_its_reason_and_no_level() -> None:
    said = policy_sentence("B", Decision(Verdict.RANK_ONLY, (THIN,)), None, 10, 0, 1)
    assert said == "Only the order of B may stand, not its level: the rows say little."


def test_a_report_has_no_next_step() -> None:
    assert next_step("B", Decision(Verdict.REPORT), None, (0.0, 1.0)) is None
    assert fresh_responses(None, 0.02) >= 2400
