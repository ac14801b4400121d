from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.report.findings import findings_of


def check(name: str, status: str, policy: str | None = None) -> Check:
    return Check(
        id=name,
        policy=policy,
        status=CheckStatus(status),
        sentence="3 of 9 rows.",
        value=0.5,
        threshold=0.1,
        example_ids=("r1",),
    )


def test_what_fails_or_warns_opens_one_finding_and_keeps_its_id() -> None:
    checks = [
        check("judge.scored", "pass"), check("judge.range", "not_evaluated"), check("estimation.ess", "warn", "near"),
        check("judge.constant", "fail"), check("target_policy.computed", "fail", "near"),
    ]  # fmt: skip
    found = findings_of(checks)
    assert [(f.id, f.severity, f.status, f.source) for f in found] == [
        ("target_policy.computed:near", "critical", "open", "check"),
        ("judge.constant", "high", "open", "check"),
        ("estimation.ess:near", "medium", "open", "check"),
    ]
    assert found == findings_of([c.model_copy(update={"sentence": c.sentence}) for c in reversed(checks)])
    assert "3 of 9 rows. Value 0.5, threshold 0.1. Rows: r1." in found[0].evidence
