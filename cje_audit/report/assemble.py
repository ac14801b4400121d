"""The whole report from the facts and the checks. Same facts, same bytes."""

from collections.abc import Mapping, Sequence

from cje_audit.checks.dataset import check_dataset
from cje_audit.checks.estimation import check_estimation
from cje_audit.checks.judge import check_judge
from cje_audit.checks.logging_policy import check_logging_policy
from cje_audit.checks.target_policy import check_target_policies
from cje_audit.checks.verdicts import blocks
from cje_audit.domain.backups import sentences, two_judges
from cje_audit.domain.checks import STAGES, Check, Override, worst
from cje_audit.domain.report import Report, RunHeader, SkippedRows, StageReport, Summary
from cje_audit.report.calibration_checks import calibration_checks
from cje_audit.report.calibration_curve import calibration_curve
from cje_audit.report.comparisons import best_policy, compare_policies
from cje_audit.report.deciding import decide_on
from cje_audit.report.facts import RunFacts, StageFacts
from cje_audit.report.failures import failure_groups
from cje_audit.report.findings import findings_of
from cje_audit.report.pilot import pilot_warning
from cje_audit.report.policies import policy_reports
from cje_audit.report.quality import material_of, quality_figures
from cje_audit.report.ranking import probabilities, ranking_sentence, with_chances
from cje_audit.report.repairs import repairs_of
from cje_audit.report.sensitivity import form_warnings
from cje_audit.report.sentences import numbers_sentence, pairs_sentence, summary_sentence
from cje_audit.report.skipping import skipped_report, without_skipped


def run_checks(facts: RunFacts) -> list[Check]:
    """Run every check of every stage, in the order of the stages; those of the estimates see the rows these rest on."""
    kept = without_skipped(facts)
    return [
        *check_dataset(facts.dataset, facts.rows),
        *check_logging_policy(facts.rows, facts.logging_column, facts.logging),
        *check_target_policies(
            facts.rows, facts.logging_column, facts.target_columns, facts.targets, facts.judge, facts.pairings
        ),
        *check_judge(facts.rows, facts.judge, facts.oracle, facts.scale, facts.judge_noise, two_judges(facts.backups)),
        *calibration_checks(kept),
        *check_estimation(
            kept.rows,
            kept.logging_column,
            kept.target_columns,
            kept.targets,
            kept.judge,
            {name: facts.tokens(name) for name in facts.targets},
            kept.pairings,
        ),
    ]


Overrides = Mapping[tuple[str, str | None], Override]


def with_overrides(checks: Sequence[Check], overrides: Overrides) -> list[Check]:
    """Return the checks with what people overrode written on them, by check id and policy."""
    found = [overrides.get((c.id, c.policy)) for c in checks]
    return [c if o is None else c.model_copy(update={"override": o}) for c, o in zip(checks, found, strict=True)]


def override_warning(checks: Sequence[Check]) -> tuple[str, ...]:
    """Say once, at the top of the report, that verdicts hang on overridden checks."""
    found = [c.override for c in checks if c.override is not None]
    if not found:
        return ()
    told = "; ".join(f"{o.check}{f' of {o.policy}' if o.policy else ''} by {o.by}" for o in found)
    return (f"Failing checks were overridden, and the verdicts stand only as far as that was right: {told}.",)


def preflight_warning(header: RunHeader) -> tuple[str, ...]:
    """Say at the top of the report that the run's preflight failed or had no time for something."""
    found = header.provenance.get("preflight") or {}
    told = []
    if found.get("set_aside_by") is not None:
        who, failing = found["set_aside_by"], "; ".join(found["failing"])
        told.append(f"{who} launched this run although its preflight failed ({failing}).")
        told[0] += " The reason stands in the audit trail."
    if late := found.get("unanswered"):
        told.append(
            f"The preflight of this run had no answer in time to {len(late)} of {found['n_probes']} probes "
            f"({'; '.join(late)}): what they look at was not proved before the launch."
        )
    return tuple(told)


def assemble(header: RunHeader, facts: RunFacts, checks: Sequence[Check]) -> Report:
    """Put the report together; `checks` are all checks of the run, each once."""
    kept, skipped = without_skipped(facts), skipped_report(facts)
    policies = policy_reports(kept, checks)
    comparisons = compare_policies(kept, policies)
    best = best_policy(policies, comparisons)
    sentence = summary_sentence(kept, policies, comparisons, best, blocks(checks, None))
    chances = probabilities(kept, policies)
    failures = failure_groups(facts)
    warnings = (
        *pilot_warning(facts.pilot), *preflight_warning(header), *sentences(facts.backups), *override_warning(checks),
        *_skip_warning(skipped),
    )  # fmt: skip
    return Report(
        run=header,
        summary=Summary(
            sentence=sentence,
            best_policy=best,
            ranking=ranking_sentence(chances),
            warnings=(*warnings, *form_warnings(kept, policies, comparisons)),
            numbers=numbers_sentence(policies),
            pairs=pairs_sentence(comparisons),
        ),
        stages=tuple(stage_reports(facts.stages, checks)),
        policies=with_chances(policies, chances),
        comparisons=comparisons,
        calibration=calibration_curve(kept, policies),
        decision=decide_on(facts.decision_rule, kept, policies),
        failures=failures,
        skipped=skipped,
        repairs=repairs_of(facts, policies, failures),
        quality=quality_figures(material_of(facts), checks),
        findings=findings_of(checks),
    )


def _skip_warning(skipped: SkippedRows | None) -> tuple[str, ...]:
    return (skipped.sentence,) if skipped is not None and skipped.n else ()


def stage_reports(stages: Sequence[StageFacts], checks: Sequence[Check]) -> list[StageReport]:
    """Return the five stages in order, each with its checks."""
    known = {stage.name: stage for stage in stages}
    return [_stage(known.get(name, StageFacts(name, None, None, None, None)), checks) for name in STAGES]


def _stage(stage: StageFacts, checks: Sequence[Check]) -> StageReport:
    own = tuple(c for c in checks if c.stage == stage.name)
    return StageReport(
        name=stage.name,
        status=worst([c.status for c in own]),
        n_in=stage.n_in,
        n_ok=stage.n_ok,
        n_failed=stage.n_failed,
        seconds=stage.seconds,
        checks=own,
    )
