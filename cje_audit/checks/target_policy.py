"""Checks of the target policy stage, one set per target policy."""

from collections.abc import Mapping

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.alignment import CHECK as ALIGNMENT
from cje_audit.checks.alignment import row_alignment
from cje_audit.checks.build import examples, none_evaluated, not_evaluated, row_status
from cje_audit.checks.frame import Column, PolicyFacts, Rows
from cje_audit.checks.identity import identical_policies
from cje_audit.checks.logprob_column import SHARED, check_logprob_column
from cje_audit.checks.missingness import CHECK as MISSINGNESS
from cje_audit.checks.missingness import missingness
from cje_audit.checks.preclipped import CHECK as PRECLIPPED
from cje_audit.checks.preclipped import preclipped
from cje_audit.checks.weight_checks import WEIGHT_CHECKS, Pairing, check_weights, pair
from cje_audit.checks.words import count, percent
from cje_audit.domain.checks import Check, CheckStatus

COMPUTED = "target_policy.computed"
COVERAGE = "target_policy.coverage"
SKIPPED = "Run the target policy stage: score every logged response under every target policy."


def check_target_policies(
    rows: Rows,
    logging: Column | None,
    targets: Mapping[str, Column],
    facts: Mapping[str, PolicyFacts],
    judge: Column | None,
    pairings: Mapping[str, Pairing] | None = None,
) -> list[Check]:
    """Return all `target_policy.*` checks.

    `facts` names every declared target policy, in order; `targets` may lack those that were never scored. `judge` is
    None before the judge stage: `missingness` is then not evaluated. `pairings` are by policy, where they are known
    already.
    """
    if not any(_reported(targets.get(name)) for name in facts):
        return _nothing_scored(rows, facts)
    checks = [identical_policies(targets, facts)]
    for name, policy in facts.items():
        paired = None if pairings is None else pairings.get(name)
        checks += check_target_policy(rows, logging, targets.get(name), policy, judge, paired)
    return checks


def _reported(column: Column | None) -> bool:
    return column is not None and bool(column.n_ok or np.any(~np.isnan(column.reported)))


def _nothing_scored(rows: Rows, facts: Mapping[str, PolicyFacts]) -> list[Check]:
    """No target log-prob at all: one check without a policy, and nothing else is evaluated."""
    names = ", ".join(facts) if facts else "any target policy"
    computed = Check(
        id=COMPUTED,
        status=CheckStatus.FAIL,
        value=0.0,
        threshold=1.0,
        n_affected=rows.n,
        sentence=f"No row has a log-prob under {names}: the target policy stage has not run. Nothing can be estimated.",
        what_to_do=SKIPPED,
    )
    why = "there is no target log-prob at all"
    checks = [computed, not_evaluated("target_policy.identical_policies", why)]
    for name in facts:
        checks += none_evaluated((COVERAGE, *_LATER), why, name)
    return checks


_PAIRED = (ALIGNMENT, PRECLIPPED, *WEIGHT_CHECKS, MISSINGNESS)
_LATER = (*(f"target_policy.{name}" for name in SHARED), *_PAIRED)


def check_target_policy(
    rows: Rows,
    logging: Column | None,
    target: Column | None,
    policy: PolicyFacts,
    judge: Column | None,
    paired: Pairing | None = None,
) -> list[Check]:
    """Return the checks of one target policy."""
    checks = [computed(rows, target, policy.name), coverage(rows, target, policy.name)]
    if target is None:
        return checks + none_evaluated(_LATER, "this policy was never scored", policy.name)
    checks += check_logprob_column("target_policy", rows, target, policy.name, logging)
    if logging is None:
        return checks + none_evaluated(_PAIRED, "there are no logging log-probs", policy.name)
    checks += [row_alignment(rows, policy.name, logging, target), preclipped(rows, policy, logging, target)]
    checks += check_weights(pair(rows, policy, logging, target) if paired is None else paired)
    return [*checks, missingness(rows, policy.name, logging, target, judge)]


def computed(rows: Rows, target: Column | None, name: str) -> Check:
    """Ask whether teacher forcing has run for this policy; blocks it when no row has a valid log-prob."""
    n_ok = 0 if target is None else target.n_ok
    run = n_ok > thresholds.TARGET_COMPUTED_FAIL * rows.n
    return Check(
        id=COMPUTED,
        policy=name,
        status=CheckStatus.PASS if run else CheckStatus.FAIL,
        value=n_ok / rows.n if rows.n else None,
        threshold=thresholds.TARGET_COMPUTED_FAIL,
        n_affected=0 if run else rows.n,
        sentence=f"{name} was scored: {count(n_ok, rows.n)} rows have a valid log-prob."
        if run
        else f"{count(0, rows.n)} rows have a valid log-prob under {name}, so nothing can be estimated for it.",
        what_to_do=None if run else SKIPPED,
    )


def coverage(rows: Rows, target: Column | None, name: str) -> Check:
    """Return the share of rows with a valid log-prob: warns below all, fails below four fifths."""
    if target is None:
        return not_evaluated(COVERAGE, "this policy was never scored", name)
    missing = ~target.ok
    n_missing = int(missing.sum())
    status = row_status(n_missing, rows.n, thresholds.MISSING_FAIL)
    share = percent(target.n_ok / max(rows.n, 1))
    return Check(
        id=COVERAGE,
        policy=name,
        status=status,
        value=target.n_ok / rows.n if rows.n else None,
        threshold=1 - thresholds.MISSING_FAIL,
        n_affected=n_missing,
        sentence=f"{count(target.n_ok, rows.n)} rows ({share}) have a valid log-prob under {name}.",
        what_to_do="Retry the failed rows; see their codes." if n_missing else None,
        example_ids=examples(rows, missing),
    )
