"""Why this estimator and this reward carry the headline, in words."""

from cje_audit.checks import thresholds
from cje_audit.checks.judge_calibration import tells_something
from cje_audit.checks.words import count
from cje_audit.report.facts import RunFacts

SNIPS = (
    "SNIPS carries the headline: it needs the logged rows alone, stays on the scale, and does not move when all "
    "log-probs are off by a constant."
)
PLAIN_MEAN = "The plain mean carries the headline: the logging policy wrote these rows, so every weight is 1."


def headline_reason(facts: RunFacts, policy: str, reward: str, *, judge_failed: bool) -> str:
    """Say why the primary estimate is the one it is."""
    estimator = PLAIN_MEAN if policy == facts.logging.name else SNIPS
    return f"{estimator} {reward_reason(facts, reward, judge_failed=judge_failed)}"


def reward_reason(facts: RunFacts, reward: str, *, judge_failed: bool) -> str:
    """Say why the headline rests on this reward."""
    if facts.wanted_reward == reward:
        return f"The experiment asks for the reward {reward}."
    if reward == "calibrated":
        n = 0 if facts.calibrated is None else facts.calibrated.calibration.n
        known = f"{count(n, facts.rows.n)} rows have score and label"
        return f"It rests on calibrated scores: {known}, enough to map one to the other."
    if reward == "oracle":
        return f"It rests on the labels themselves: {_why_not_calibrated(facts, judge_failed)}."
    return f"It rests on the judge score: {_why_no_labels(facts)}."


def _why_not_calibrated(facts: RunFacts, judge_failed: bool) -> str:
    if judge_failed:
        return "the judge failed a check, and nothing built on it is preferred to labels"
    calibration = None if facts.calibrated is None else facts.calibrated.calibration
    if calibration is not None and calibration.n >= thresholds.LABELS_PRIMARY and not tells_something(calibration):
        return "the score predicts the label no better than the mean label does"
    return "too few rows have both score and label to map one to the other"


def _why_no_labels(facts: RunFacts) -> str:
    labelled = 0 if facts.oracle is None else facts.oracle.n_ok
    if not labelled:
        return "there are no labels"
    return (
        f"{count(labelled, facts.rows.n)} rows have a label, and {thresholds.LABELS_PRIMARY:g} usable ones are needed"
    )
