"""What the answer hangs on: whether another form of the calibration would change it."""

from collections.abc import Mapping, Sequence

from cje_audit.checks.words import number
from cje_audit.domain.report import Comparison, PolicyReport
from cje_audit.report.comparisons import SIGNIFICANT
from cje_audit.report.facts import RunFacts
from cje_audit.report.samples import line_value, sample_of


def form_warnings(
    facts: RunFacts, policies: Sequence[PolicyReport], comparisons: Sequence[Comparison]
) -> tuple[str, ...]:
    """Warn where a straight line in place of the calibration curve moves a headline by more than its standard error.

    Also where it turns round a difference that is beyond chance: then the verdict depends on the curve's form.
    """
    lines = {p.name: line for p in policies if (line := _on_a_line(facts, p)) is not None}
    told = [*(_far(p, lines) for p in policies), *(_turned(c, lines) for c in comparisons)]
    return tuple(text for text in told if text is not None)


def _on_a_line(facts: RunFacts, policy: PolicyReport) -> float | None:
    """Return a calibrated headline by the straight line; None for other headlines."""
    if not any(e.primary and e.reward == "calibrated" for e in policy.estimates):
        return None
    sample = sample_of(facts, policy.name, "calibrated")
    return None if sample is None else line_value(sample)


def _far(policy: PolicyReport, lines: Mapping[str, float]) -> str | None:
    headline = next((e for e in policy.estimates if e.primary), None)
    line = lines.get(policy.name)
    if headline is None or line is None or headline.value is None or headline.standard_error is None:
        return None
    if abs(line - headline.value) <= headline.standard_error:
        return None
    return (
        f"The level of {policy.name} depends on the calibration's form: a straight line in place of the curve moves it "
        f"by {number(line - headline.value)}, more than its standard error."
    )


def _turned(comparison: Comparison, lines: Mapping[str, float]) -> str | None:
    a, b = lines.get(comparison.a), lines.get(comparison.b)
    clear = comparison.p_adjusted is not None and comparison.p_adjusted < SIGNIFICANT
    if not clear or a is None or b is None or comparison.difference is None or (a - b) * comparison.difference > 0:
        return None
    return (
        f"Which of {comparison.a} and {comparison.b} is ahead depends on the calibration's form: with a straight line "
        f"in place of the curve, {comparison.a} − {comparison.b} is {number(a - b)}."
    )
