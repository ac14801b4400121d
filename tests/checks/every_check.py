"""A run on which every check is evaluated and passes, and for every check the damage that makes it speak."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cje_audit.checks.dataset import DatasetFacts, Quarantined
from cje_audit.checks.frame import Floats, PolicyFacts
from cje_audit.checks.manifest import ManifestFacts
from cje_audit.checks.text_marks import TextMarks
from cje_audit.numerics.draw_noise import DrawNoise
from cje_audit.report.facts import FreshDraws, RunFacts
from tests.checks.builders import NAN, column, log_normal_run, scores

N = 800
SHA = "a" * 64
SAMPLED = {"temperature": 1.0, "top_p": 1.0}


def whole_manifest() -> ManifestFacts:
    document = {"loader_version": "1", "qc_metrics": {"n_rows": N}, "git_commit": "0123abcd", "sha256": SHA}
    return ManifestFacts(document, (SHA,), {"n_rows": float(N)})


def no_marks() -> TextMarks:
    nobody = np.zeros(N, dtype=bool)
    return TextMarks(np.full(N, None, dtype=object), nobody, nobody.copy(), nobody.copy())


def clean_run(seed: int = 0) -> RunFacts:
    """Two targets and a clone, half labelled, with fresh draws, tokens, repeated texts and a manifest."""
    facts = log_normal_run(n=N, seed=seed, sd=0.4)
    rows, rng = facts.rows, np.random.default_rng(seed + 100)
    assert facts.logging_column is not None and facts.judge is not None
    again = np.arange(0, 40, 2)  # twenty texts are there twice, scored alike
    for field in (rows.text_key, rows.response_chars):
        field[again + 1] = field[again]
    rows.finish_reason[:] = "stop"
    logging = facts.logging_column.values.copy()
    logging[again + 1] = logging[again]
    near = logging + (facts.target_columns["near"].values - facts.logging_column.values)
    other = logging + rng.normal(-0.045, 0.3, N)
    tokens = np.maximum(rows.response_chars // 4, 1).astype(np.float64)
    judge = facts.judge.values
    labels = np.clip(judge**2 + rng.normal(0, 0.1, N), 0, 1)
    labels[rng.permutation(N)[: N // 2]] = NAN
    drawn = rng.choice(judge, 400)
    fresh = FreshDraws(drawn, np.clip(drawn**2 + rng.normal(0, 0.1, 400), 0, 1), np.arange(400))
    return replace(
        facts,
        rows=replace(rows, response_tokens=tokens),
        logging=PolicyFacts("base", "logging", sampling=SAMPLED),
        logging_column=column(rows, logging),
        targets={**facts.targets, "other": PolicyFacts("other", "target")},
        target_columns={
            "clone": column(rows, logging + rng.normal(0, 0.01, N)),
            "near": column(rows, near),
            "other": column(rows, other),
        },
        oracle=scores(rows, labels),
        dataset=DatasetFacts(N, marks=no_marks(), manifest=whole_manifest()),
        fresh_draws={"clone": fresh, "near": fresh, "other": fresh},
        judge_noise=DrawNoise(N, 2 * N, 0.01, 0.02),
    )


Damage = Callable[[RunFacts], RunFacts]


def of_dataset(**changes: Any) -> Damage:
    return lambda facts: replace(facts, dataset=replace(facts.dataset, **changes))


def marked(**marks: Any) -> Damage:
    """Put marks into a tenth of the texts."""
    return of_dataset(marks=replace(no_marks(), **{name: _first(80, value) for name, value in marks.items()}))


def _first(k: int, value: Any) -> Any:
    found = np.full(N, None if isinstance(value, str) else False, dtype=object if isinstance(value, str) else bool)
    found[:k] = value
    return found


def of_rows(**changes: Any) -> Damage:
    return lambda facts: replace(facts, rows=replace(facts.rows, **changes))


def of_logging(how: Callable[[Floats], Any]) -> Damage:
    def damage(facts: RunFacts) -> RunFacts:
        assert facts.logging_column is not None
        return replace(facts, logging_column=column(facts.rows, how(facts.logging_column.values.copy())))

    return damage


def of_target(how: Callable[[Floats, Floats], Any], name: str = "near") -> Damage:
    """Change a target's column, given its own and the logging log-probs."""

    def damage(facts: RunFacts) -> RunFacts:
        assert facts.logging_column is not None
        changed = how(facts.target_columns[name].values.copy(), facts.logging_column.values)
        return replace(facts, target_columns={**facts.target_columns, name: column(facts.rows, changed)})

    return damage


def of_judge(how: Callable[[Floats], Any]) -> Damage:
    def damage(facts: RunFacts) -> RunFacts:
        assert facts.judge is not None
        return replace(facts, judge=scores(facts.rows, how(facts.judge.values.copy())))

    return damage


def of_labels(how: Callable[[Floats, Floats], Any]) -> Damage:
    """Change the labels, given them and the scores."""

    def damage(facts: RunFacts) -> RunFacts:
        assert facts.judge is not None and facts.oracle is not None
        return replace(facts, oracle=scores(facts.rows, how(facts.oracle.values.copy(), facts.judge.values)))

    return damage


def put(value: float, k: int = 80) -> Callable[..., Floats]:
    """Write a value into the first k cells."""

    def change(values: Floats, *others: Floats) -> Floats:
        values[:k] = value
        return values

    return change


def versions_apart(facts: RunFacts) -> RunFacts:
    """Score one of each two equal texts three nats lower, as another model would."""
    return of_logging(lambda v: v - np.where(np.isin(np.arange(N), np.arange(1, 40, 2)), 3.0, 0.0))(facts)


def lowest_lost(facts: RunFacts) -> RunFacts:
    """Lose a target's log-prob where the judge was least pleased."""
    assert facts.judge is not None
    lost = np.argsort(facts.judge.values)[:60]
    return of_target(lambda own, _: np.where(np.isin(np.arange(N), lost), NAN, own))(facts)


def misled(facts: RunFacts) -> RunFacts:
    """Label fresh draws of `near` three tenths below what the score predicts."""
    draws = facts.fresh_draws["near"]
    return replace(facts, fresh_draws={**facts.fresh_draws, "near": replace(draws, oracle=draws.oracle - 0.3)})


def two_scales(values: Floats) -> Floats:
    values[:80] *= 10
    return values


def one_heavy(own: Floats, base: Floats) -> Floats:
    own[0] = base[0] + 7
    return own


def far(own: Floats, base: Floats) -> Floats:
    return base - np.random.default_rng(0).gamma(4, 15, N)


def heavy_tail(own: Floats, base: Floats) -> Floats:
    """Weights of a Pareto tail with index 2/3: their mean does not exist."""
    return base + 1.5 * np.random.default_rng(0).exponential(1, N) - 4


def atypical(own: Floats, base: Floats) -> Floats:
    """A policy that finds nearly every logged response three times as surprising, and writes the rest."""
    usual = np.arange(N) >= 60
    return np.where(usual, 3 * base - 20, base)


def labels_of_the_middle(labels: Floats, judge: Floats) -> Floats:
    return np.where(np.abs(judge - np.median(judge)) < 0.15, judge**2 + 0.1 * labels, NAN)


SPEAKS: Mapping[str, tuple[str, str | None, Damage]] = {
    "dataset.schema": ("fail", None, of_dataset(quarantined=(Quarantined("line 1", "schema", "no prompt"),) * 80)),
    "dataset.duplicate_ids": ("fail", None, of_dataset(conflicting_ids=tuple(f"p{i}" for i in range(80)))),
    "dataset.manifest": ("warn", None, of_dataset(manifest=ManifestFacts(None, (SHA,), {}))),
    "dataset.template_contamination": ("fail", None, marked(control="<|im_end|>")),
    "dataset.runaway": ("fail", None, marked(loop=True)),
    "dataset.truncation": ("warn", None, of_rows(finish_reason=np.where(np.arange(N) < 80, "length", "stop"))),
    "logging_policy.responses": ("fail", None, of_rows(has_response=np.arange(N) >= 80)),
    "logging_policy.empty_responses": ("fail", None, of_rows(blank_response=np.arange(N) < 80)),
    "logging_policy.computed": ("fail", None, of_logging(put(NAN, 500))),
    "logging_policy.logprob_range": ("fail", None, of_logging(put(0.5))),
    "logging_policy.sentinel_values": ("fail", None, of_logging(put(-100.0))),
    "logging_policy.zero_logprobs": ("fail", None, of_logging(put(0.0))),
    "logging_policy.logprob_density": ("fail", None, of_logging(lambda v: v * 1000)),
    "logging_policy.sampling_density": (
        "warn", None, lambda f: replace(f, logging=PolicyFacts("base", "logging", sampling={"temperature": 0.7})),
    ),
    "logging_policy.single_policy": ("warn", None, versions_apart),
    "target_policy.computed": ("fail", "near", of_target(put(NAN, N))),
    "target_policy.coverage": ("fail", "near", of_target(put(NAN, 200))),
    "target_policy.logprob_range": ("fail", "near", of_target(put(0.5))),
    "target_policy.sentinel_values": ("fail", "near", of_target(put(-50.0))),
    "target_policy.zero_logprobs": ("fail", "near", of_target(put(0.0))),
    "target_policy.logprob_density": ("fail", "near", of_target(lambda own, base: own / 1000)),
    "target_policy.uniform_weights": ("fail", "near", of_target(lambda own, base: base)),
    "target_policy.identical_policies": (
        "fail", None, lambda f: of_target(lambda own, base: f.target_columns["other"].values)(f),
    ),
    "target_policy.row_alignment": ("fail", "near", of_target(lambda own, base: np.roll(own, 1))),
    "target_policy.preclipped": ("fail", "near", of_target(lambda own, base: base + np.minimum(own - base, 0.3))),
    "target_policy.mean_weight": ("fail", "near", of_target(lambda own, base: own - 0.7)),
    "target_policy.log_ratio_sign": ("fail", "near", of_target(lambda own, base: base + 1 + (own - base))),
    "target_policy.clone_noise": (
        "warn", "clone", of_target(lambda own, base: base + np.random.default_rng(0).normal(0, 0.8, N), "clone"),
    ),
    "target_policy.missingness": ("warn", "near", lowest_lost),
    "judge.scored": ("fail", None, of_judge(put(NAN, 200))),
    "judge.range": ("fail", None, of_judge(put(7.5))),
    "judge.sentinel_scores": ("fail", None, of_judge(put(0.5))),
    "judge.constant": ("fail", None, of_judge(put(0.5, N))),
    "judge.oracle_leak": ("fail", None, of_labels(lambda labels, judge: np.where(np.isnan(labels), NAN, judge))),
    "judge.single_judge": ("fail", None, of_judge(two_scales)),
    "judge.noise": ("warn", None, lambda f: replace(f, judge_noise=DrawNoise(N, 2 * N, 0.4, 0.8))),
    "judge.calibration": ("warn", None, of_labels(lambda labels, judge: np.where(np.arange(N) < 60, labels, NAN))),
    "judge.transport": ("fail", "near", misled),
    "estimation.required_stages": ("fail", None, lambda f: replace(f, judge=None)),
    "estimation.ess": ("fail", "near", of_target(far)),
    "estimation.max_weight_share": ("fail", "near", of_target(one_heavy)),
    "estimation.tail_index": ("fail", "near", of_target(heavy_tail)),
    "estimation.overlap": ("fail", "near", of_target(far)),
    "estimation.typicality": ("fail", "near", of_target(atypical)),
    "estimation.near_zero_weights": ("fail", "near", of_target(far)),
    "estimation.calibration_range": ("warn", "near", of_labels(labels_of_the_middle)),
}  # fmt: skip
"""For every check: the gravest status it takes, the policy it then speaks of, and the damage that makes it."""
