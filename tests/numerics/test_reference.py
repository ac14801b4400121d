"""Real rows, and the numbers on which three libraries agree to 1e-13."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cje_audit.numerics.ips import ips
from cje_audit.numerics.point import infer
from cje_audit.numerics.snips import snips
from cje_audit.numerics.weights import summarise
from tests.checks.builders import arena_run

POLICIES = ("clone", "parallel_universe_prompt", "unhelpful")


def reference(arena: Path, policy: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((arena / "reference.json").read_text(encoding="utf-8"))["policies"][policy]
    return found


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("field", ["judge_score", "oracle_label"])
def test_ips_and_snips_equal_the_closed_form(arena: Path, policy: str, field: str) -> None:
    facts = arena_run(arena, fresh=False)
    column = facts.judge if field == "judge_score" else facts.oracle
    assert column is not None
    ratio, reward, cluster = facts.log_ratio(policy)[column.ok], column.values[column.ok], facts.rows.cluster[column.ok]
    want = reference(arena, policy)["closed_form"][field]
    plain, normalised = infer(ips(ratio, reward), cluster), infer(snips(ratio, reward), cluster)
    assert plain.n == want["n"]
    got = (plain.value, plain.standard_error, normalised.value, normalised.standard_error)
    assert got == pytest.approx((want["ips"], want["ips_se"], want["snips"], want["snips_se"]), abs=1e-9, rel=1e-12)


@pytest.mark.parametrize("policy", POLICIES)
def test_weight_summary_equals_the_reference(arena: Path, policy: str) -> None:
    facts = arena_run(arena, fresh=False)
    got, want = summarise(facts.log_ratio(policy), facts.rows.cluster), reference(arena, policy)["weights"]
    shown = {
        "mean": got.mean.value,
        "mean_se": got.mean.standard_error,
        "ess": got.ess,
        "max_share": got.max_share,
        "top5_share": got.top5_share,
        "sqrt_overlap": got.sqrt_overlap,
        "exact_one": got.n_exact_one,
        "log_ratio_mean": got.log_ratio.mean,
        "log_ratio_sd": got.log_ratio.sd,
    }
    assert shown == pytest.approx(want, abs=1e-9, rel=1e-12)
    assert np.sum(got.histogram.counts) == got.n
