"""Figures of quality on runs whose flaws were planted, and their agreement with the checks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cje_audit.checks.dataset import DatasetFacts
from cje_audit.checks.text_marks import TextMarks
from cje_audit.domain.quality import QualityFigure
from cje_audit.domain.report import Report
from cje_audit.report.distributions import distribution, kinds
from cje_audit.report.facts import RunFacts, TextFigures
from tests.checks.builders import NAN, log_normal_run
from tests.report.helpers import report_of

N = 400


def marks(**found: object) -> TextMarks:
    none = {"control": np.full(N, None, dtype=object)} | {
        name: np.zeros(N, dtype=bool) for name in ("role_marker", "invented_turn", "loop")
    }
    for name, rows in found.items():
        none[name][: len(rows)] = rows  # type: ignore[arg-type]
    return TextMarks(**none)


def figures(report: Report, policy: str | None = None) -> dict[str, QualityFigure]:
    return {q.name: q for q in report.quality if q.policy == policy}


def flawed(**found: object) -> Report:
    facts: RunFacts = log_normal_run(N)
    texts = TextFigures(np.arange(N) + 10, np.where(np.arange(N) < N // 2, NAN, np.linspace(0, 1, N)))
    dataset = DatasetFacts(n_lines=N, marks=marks(**found))
    return report_of(replace(facts, dataset=dataset, texts=texts))


def test_clean_texts_pass_and_lengths_are_only_shown() -> None:
    found = figures(flawed())
    assert {n: str(found[n].status) for n in ("template_tokens", "role_markers", "runaway", "repetition")} == {
        "template_tokens": "pass", "role_markers": "pass", "runaway": "pass", "repetition": "pass",
    }  # fmt: skip
    assert found["response_length"].status is None
    assert found["truncation"].status == "not_evaluated"
    assert found["truncation"].metrics == {"truncation_share": None}
    assert "400 of 400 responses come without the reason" in found["truncation"].sentence


def test_a_flaw_has_its_status_rows_kinds_and_denominator() -> None:
    found = figures(flawed(control=["<|im_end|>", "<|im_end|>", "[INST]"], loop=[True] * 30, role_marker=[True] * 3))
    token = found["template_tokens"]
    assert (str(token.status), token.n_affected, token.n_total) == ("warn", 3, N)
    assert token.example_ids == ("r0", "r1", "r2")
    assert token.distribution is not None
    assert dict(zip(token.distribution.labels, token.distribution.counts, strict=True)) == {
        "<|im_end|>": 2,
        "[INST]": 1,
    }
    assert token.metrics == {"template_share": 3 / N}
    assert found["role_markers"].status == "pass"  # three of four hundred are quotations
    assert found["role_markers"].n_affected == 3
    assert found["runaway"].status == "fail"
    assert found["runaway"].sentence.startswith("30 of 400 responses")
    assert found["repetition"].example_ids[0] == "r0"  # a loop counts as more than any share


def test_what_was_measured_on_some_rows_says_on_how_many() -> None:
    found = figures(flawed())["repetition"]
    assert (found.n, found.n_total) == (N // 2, N)
    assert found.sentence.startswith("Of 200 of 400 responses measured")
    assert found.distribution is not None
    assert sum(found.distribution.counts) == N // 2


def test_margins_are_per_token_where_tokens_are_known_and_say_so_where_not() -> None:
    facts = log_normal_run(N)
    ratio = facts.log_ratio("near")
    assert np.isfinite(ratio).all()
    by_chars = figures(report_of(facts), "near")["margin"]
    assert by_chars.distribution is not None
    assert by_chars.distribution.unit == "nats per character"
    tokens = np.full(N, 10.0)
    by_token = figures(report_of(replace(facts, rows=replace(facts.rows, response_tokens=tokens))), "near")["margin"]
    assert by_token.distribution is not None
    assert by_token.distribution.unit == "nats per token"
    assert by_token.metrics["median_margin:near"] == pytest.approx(np.median(ratio) / 10)
    assert (by_token.n, by_token.n_total) == (N, N)


def test_a_policy_that_was_never_scored_has_no_margin() -> None:
    facts = log_normal_run(N)
    columns = {k: v for k, v in facts.target_columns.items() if k != "near"}
    assert figures(report_of(replace(facts, target_columns=columns)), "near") == {}


def test_outliers_are_counted_into_the_outer_bins() -> None:
    found = distribution(np.array([*np.random.default_rng(0).normal(100, 10, 5000), 1e6]), "characters")
    assert found is not None
    assert found.edges[-1] < 200
    assert sum(found.counts) == 5001
    assert found.spread is not None
    assert found.spread.max == 1e6


@pytest.mark.parametrize("values", [[3.0], [0.0] * 9, [-1.25] * 4, [1e-12, 2e-12]])
def test_few_or_equal_values_still_make_a_picture(values: list[float]) -> None:
    found = distribution(np.array(values), "nats")
    assert found is not None
    assert sum(found.counts) == len(values)
    assert list(found.edges) == sorted(set(found.edges))


def test_nothing_measured_is_no_picture() -> None:
    assert distribution(np.array([]), "nats") is None
    assert kinds([]) is None


def test_rare_kinds_are_put_together() -> None:
    found = kinds([*["stop"] * 5, *(f"reason {i}" for i in range(12))])
    assert found is not None
    assert found.labels[-1] == "others"
    assert sum(found.counts) == 17


def test_real_rows_have_every_figure(arena: Path) -> None:
    from tests.checks.builders import arena_run

    found = report_of(arena_run(arena)).quality
    assert {q.name for q in found} >= {"truncation", "response_length", "margin"}
    assert {q.policy for q in found if q.name == "margin"} == {"clone", "parallel_universe_prompt", "unhelpful"}
    assert all(q.n <= q.n_total for q in found)
