"""Facts: scales and columns that are asked for by name."""

from dataclasses import replace

import numpy as np

from tests.checks.builders import NAN, log_normal_run, scores


def test_the_labels_scale_is_the_judges_where_they_fit() -> None:
    facts = log_normal_run()
    fitting = replace(facts, oracle=scores(facts.rows, np.where(np.arange(400) < 9, 1.0, NAN)))
    assert fitting.label_scale == (0.0, 1.0)
    beyond = replace(facts, oracle=scores(facts.rows, np.full(400, 5.0), (0.0, 10.0)))
    assert beyond.label_scale is None
    assert replace(beyond, oracle_scale=(0.0, 10.0)).reward_scale("oracle") == (0.0, 10.0)
    assert facts.label_scale is None


def test_an_unscored_policy_has_no_weights() -> None:
    facts = log_normal_run()
    assert not facts.has_weight("nobody").any()
    assert np.isnan(facts.log_ratio("nobody")).all()
    assert facts.reward("oracle") is None
