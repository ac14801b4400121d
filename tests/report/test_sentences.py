import numpy as np

from cje_audit.checks.verdicts import Decision
from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.report.planning import fresh_plan, next_step
from cje_audit.report.sentences import policy_sentence

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
    plan = fresh_plan("B", 0.14, (0.0, 1.0), np.zeros(0), None)
    assert next_step(Decision(Verdict.REFUSE, (THIN,)), plan) == (
        "Next: 200 fresh responses of B, judged, would give an interval of ± 0.02."
    )


def test_a_fault_comes_before_thin_overlap() -> None:
    decision = Decision(Verdict.REFUSE, (THIN, FAULT))
    assert policy_sentence("B", decision, None, 10, 0, 1) == "No number for B: every weight is 1."
    assert next_step(decision, None) == "Check."


def test_rank_only_names_its_reason_and_no_level() -> None:
    said = policy_sentence("B", Decision(Verdict.RANK_ONLY, (THIN,)), None, 10, 0, 1)
    assert said == "Only the order of B may stand, not its level: the rows say little."
