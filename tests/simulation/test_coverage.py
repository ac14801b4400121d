"""Known truth, many times: do intervals cover it, are errors as large as the spread, are hopeless worlds refused?"""

from dataclasses import replace

import numpy as np
import pytest

from cje_audit.numerics.calibration import fit_calibration
from cje_audit.numerics.folds import FOLDS
from cje_audit.numerics.point import infer
from cje_audit.numerics.snips import snips
from cje_audit.report.intervals import snips_interval
from tests.checks.builders import log_normal_run
from tests.report.helpers import policy, report_of
from tests.simulation.worlds import World

REPETITIONS = 400
SLACK = 3 * np.sqrt(0.05 * 0.95 / REPETITIONS)


@pytest.mark.parametrize("world", [World(200, 0.3), World(1000, 0.3), World(1000, 0.6), World(1000, 1.0)], ids=str)
def test_good_overlap(world: World) -> None:
    rng, truth, cluster = np.random.default_rng(1), world.truth("judge"), np.arange(world.n)
    covered, values, errors = [], [], []
    for _ in range(REPETITIONS):
        ratio, judged, _ = world.draw(rng)
        got = infer(snips(ratio, judged), cluster, scale=(0.0, 1.0))
        assert got.value is not None
        assert got.standard_error is not None
        assert got.interval is not None
        covered.append(got.interval[0] <= truth <= got.interval[1])
        values.append(got.value)
        errors.append(got.standard_error)
    assert 0.95 - SLACK < np.mean(covered) < 0.95 + SLACK
    assert abs(np.mean(values) - truth) < 0.25 * np.std(values)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.12)


@pytest.mark.parametrize("world", [World(200, 1.4), World(1000, 1.8)], ids=str)
def test_heavy_tails_are_covered_by_the_chosen_interval(world: World) -> None:
    rng, truth, cluster = np.random.default_rng(2), world.truth("judge"), np.arange(world.n)
    covered = []
    for _ in range(REPETITIONS):
        ratio, judged, _ = world.draw(rng)
        point = snips(ratio, judged)
        got = snips_interval(point, infer(point, cluster, scale=(0.0, 1.0)), ratio, judged, cluster, (0.0, 1.0))
        assert got.ends is not None
        covered.append(got.ends[0] <= truth <= got.ends[1])
    assert np.mean(covered) >= 0.93


@pytest.mark.parametrize("labels", [120, 400])
def test_few_labels_are_in_the_error(labels: int) -> None:
    world = World(1000, 0.5, noise=0.2)
    rng, truth, cluster = np.random.default_rng(3), world.truth("label"), np.arange(world.n)
    covered = []
    for _ in range(REPETITIONS):
        ratio, judged, label = world.draw(rng)
        fold, known = rng.integers(0, FOLDS, world.n), np.arange(world.n) < labels
        fitted = fit_calibration(judged[known], label[known], fold[known], cluster[known])
        placed = fitted.place(judged)
        weight = np.exp(ratio) / np.exp(ratio).sum()
        point = replace(snips(ratio, fitted.predict(placed, fold)), replicates=fitted.replicates(placed, weight))
        got = infer(point, cluster)
        assert got.interval is not None
        covered.append(got.interval[0] <= truth <= got.interval[1])
    assert 0.95 - SLACK < np.mean(covered) < 0.95 + SLACK


def test_hopeless_worlds_are_refused() -> None:
    verdicts = [str(policy(report_of(log_normal_run(n=400, seed=seed, sd=6.0)), "near").verdict) for seed in range(30)]
    assert verdicts == ["refuse"] * 30
