"""Every check there is: whether a run or a target policy has one of it, how grave it can get, and what limits it."""

from dataclasses import dataclass
from typing import Literal

from cje_audit.checks.thresholds import TABLE

Scope = Literal["run", "policy"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One check.

    `scope` says that a report holds one of it per run, or one per target policy; `worst` is the gravest status it
    takes; `limits` are the thresholds it compares with, by name (a trailing `*` stands for all that begin so).
    """

    id: str
    scope: Scope
    worst: Literal["warn", "fail"]
    limits: tuple[str, ...]
    optional: bool = False

    def threshold_names(self) -> tuple[str, ...]:
        """Return the names of all thresholds behind it.

        Examples
        --------
        >>> Entry("a.b", "run", "warn", ("uniform_weights.*",)).threshold_names()[0]
        'uniform_weights.tied'
        """
        return tuple(t.name for t in TABLE if any(_fits(t.name, limit) for limit in self.limits))


def _fits(name: str, limit: str) -> bool:
    return name.startswith(limit[:-1]) if limit.endswith("*") else name == limit


ROWS = "row_fault.fail"
SENTINEL, ZERO, DENSITY = ("sentinel.*", ROWS), ("zero_*", ROWS), ("logprob_density.*",)

CATALOGUE: tuple[Entry, ...] = (
    Entry("dataset.schema", "run", "fail", (ROWS,)),
    Entry("dataset.duplicate_ids", "run", "fail", (ROWS,)),
    Entry("dataset.manifest", "run", "warn", ("manifest.gaps",)),
    Entry("dataset.template_contamination", "run", "fail", ("dataset.text_marks.*", ROWS)),
    Entry("dataset.runaway", "run", "fail", ("dataset.text_marks.*", "dataset.runaway.*", ROWS)),
    Entry("dataset.truncation", "run", "warn", ("dataset.truncation.*",)),
    Entry("logging_policy.responses", "run", "fail", (ROWS,)),
    Entry("logging_policy.empty_responses", "run", "fail", (ROWS,)),
    Entry("logging_policy.computed", "run", "fail", ("logging_policy.computed.fail",)),
    Entry("logging_policy.logprob_range", "run", "fail", (ROWS,)),
    Entry("logging_policy.sentinel_values", "run", "fail", SENTINEL),
    Entry("logging_policy.zero_logprobs", "run", "fail", ZERO),
    Entry("logging_policy.logprob_density", "run", "fail", DENSITY),
    Entry("logging_policy.sampling_density", "run", "warn", ("sampling_density.scored",)),
    Entry("logging_policy.single_policy", "run", "warn", ("single_policy.*",)),
    Entry("target_policy.computed", "policy", "fail", ("target_policy.computed.fail",)),
    Entry("target_policy.coverage", "policy", "fail", ("missing.fail",)),
    Entry("target_policy.logprob_range", "policy", "fail", (ROWS,)),
    Entry("target_policy.sentinel_values", "policy", "fail", SENTINEL),
    Entry("target_policy.zero_logprobs", "policy", "fail", ZERO),
    Entry("target_policy.logprob_density", "policy", "fail", DENSITY),
    Entry("target_policy.uniform_weights", "policy", "fail", ("uniform_weights.*",)),
    Entry("target_policy.identical_policies", "run", "fail", ("uniform_weights.*",)),
    Entry("target_policy.row_alignment", "policy", "fail", ("row_alignment.*",)),
    Entry("target_policy.preclipped", "policy", "fail", ("preclipped.*",)),
    Entry("target_policy.mean_weight", "policy", "fail", ("mean_weight.*",)),
    Entry("target_policy.log_ratio_sign", "policy", "fail", ("log_ratio_sign.*",)),
    Entry("target_policy.clone_noise", "policy", "warn", ("clone_noise.*",)),
    Entry("target_policy.missingness", "policy", "warn", ("missingness.*",)),
    Entry("judge.scored", "run", "fail", ("missing.fail",)),
    Entry("judge.range", "run", "fail", (ROWS,)),
    Entry("judge.sentinel_scores", "run", "fail", ("sentinel_scores.*", ROWS)),
    Entry("judge.constant", "run", "fail", ("judge.constant.*",)),
    Entry("judge.oracle_leak", "run", "fail", ("oracle_leak.*",)),
    Entry("judge.single_judge", "run", "fail", ("single_judge.*",)),
    Entry("judge.noise", "run", "warn", ("judge.noise.*",), optional=True),
    Entry("judge.calibration", "run", "warn", ("primary.labels", "judge.calibration.*")),
    Entry("judge.transport", "policy", "fail", ("judge.transport.*",)),
    Entry("estimation.required_stages", "run", "fail", ("required_stages.fail",)),
    Entry("estimation.ess", "policy", "fail", ("estimation.ess.*",)),
    Entry("estimation.max_weight_share", "policy", "fail", ("estimation.max_weight_share.*",)),
    Entry("estimation.tail_index", "policy", "fail", ("estimation.tail_index.*",)),
    Entry("estimation.overlap", "policy", "fail", ("estimation.overlap.*",)),
    Entry("estimation.typicality", "policy", "fail", ("estimation.typicality.*",)),
    Entry("estimation.near_zero_weights", "policy", "fail", ("estimation.near_zero_weights.*",)),
    Entry("estimation.calibration_range", "policy", "warn", ("estimation.calibration_range.*",)),
)
"""In the order of the stages. `optional` checks are there only where something gives rise to them."""


def markdown() -> str:
    """Return which thresholds each check compares with, as the table `docs/checks.md` shows."""
    head = "| check | at worst | thresholds |\n|---|---|---|\n"
    rows = (f"| `{e.id}` | {e.worst}s | {', '.join(f'`{t}`' for t in e.threshold_names())} |" for e in CATALOGUE)
    return head + "\n".join(rows) + "\n"
