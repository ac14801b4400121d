"""Reports built by hand, whose every number is known."""

from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.domain.report import (
    Estimate,
    FailureGroup,
    Histogram,
    LogRatioSummary,
    PolicyReport,
    Report,
    RunHeader,
    StageReport,
    Summary,
    Truth,
    WeightReport,
)


def estimate(
    value: float | None = 0.5, *, primary: bool = True, estimator: str = "snips", n_used: int = 90
) -> Estimate:
    return Estimate(
        estimator=estimator, reward="judge", value=value, standard_error=0.01, interval=(0.48, 0.52),
        interval_method="normal", n_used=n_used, missing_bounds=(0.45, 0.55), primary=primary,
    )  # fmt: skip


def truth(*, agrees: bool = True) -> Truth:
    return Truth(
        reward="judge", value=0.51, standard_error=0.02, n=40, source="fresh draws",
        difference=0.01, combined_standard_error=0.0224, agrees=agrees,
        sentence=f"The estimate {'agrees' if agrees else 'misses'}.",
    )  # fmt: skip


def weights(log_ratio: LogRatioSummary | None = None) -> WeightReport:
    return WeightReport(
        mean=1.0, mean_ci=(0.9, 1.1), ess=50.0, ess_fraction=0.5, max_share=0.1, top5_share=0.3, hill_alpha=3.0,
        pareto_khat=0.4, sqrt_overlap=0.9, typicality=None, n_clipped=0, log_ratio=log_ratio,
        histogram=Histogram(edges=(-2.0, 0.0, 2.0), counts=(60, 40)),
    )  # fmt: skip


NARROW = LogRatioSummary(min=-0.2, p05=-0.1, p50=0.0, p95=0.1, max=0.2, mean=0.0, sd=0.05)


def policy(name: str, verdict: Verdict, **more: object) -> PolicyReport:
    given: dict[str, object] = {
        "role": "target", "sentence": f"The sentence about {name}.", "n_total": 100, "n_used": 90, "n_missing": 10,
        "weights": weights(), "estimates": (estimate(primary=verdict in (Verdict.REPORT, Verdict.RANK_ONLY)),),
    }  # fmt: skip
    return PolicyReport.model_validate({"name": name, "verdict": verdict, **given, **more})


def check(check_id: str, status: CheckStatus, policy_name: str | None = None) -> Check:
    return Check(
        id=check_id, policy=policy_name, status=status, value=0.5, threshold=0.1, sentence=f"About {check_id}."
    )


def report(*policies: PolicyReport, checks: tuple[Check, ...] = (), failures: tuple[FailureGroup, ...] = ()) -> Report:
    stages = ("dataset", "logging_policy", "target_policy", "judge", "estimation")
    return Report(
        run=RunHeader(
            id="abc", name="by hand", status="complete", created_at="2026-01-01T00:00:00Z", config_hash="c",
            data_hash="d", engine_version="0", git_commit=None,
        ),
        summary=Summary(sentence="The summary.", best_policy=None),
        stages=tuple(
            StageReport(
                name=s, status=CheckStatus.PASS, n_in=100, n_ok=100, n_failed=0, seconds=0.1,
                checks=tuple(c for c in checks if c.stage == s),
            )
            for s in stages
        ),
        policies=policies,
        failures=failures,
    )  # fmt: skip
