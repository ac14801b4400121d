import numpy as np
import pytest

from cje_audit.numerics.psis import smoothed_log_ratio
from cje_audit.numerics.snips import snips
from cje_audit.numerics.tail import tail_size


def test_only_the_tail_changes_and_never_beyond_the_largest() -> None:
    ratio = np.random.default_rng(0).normal(-2, 2, 2000)
    got = smoothed_log_ratio(ratio)
    assert got is not None
    changed = got != ratio
    assert int(changed.sum()) <= tail_size(2000)
    assert got.max() <= ratio.max()
    assert np.array_equal(np.argsort(got[changed]), np.argsort(ratio[changed]))


def test_a_pareto_tail_is_kept_as_it_is() -> None:
    p = (np.arange(1, 5001) - 0.5) / 5000
    ratio = np.log((1 - p) ** -0.4)
    got = smoothed_log_ratio(ratio)
    assert got is not None
    assert snips(got, p).value == pytest.approx(snips(ratio, p).value, abs=0.01)


def test_a_clone_has_no_tail_to_smooth() -> None:
    assert smoothed_log_ratio(np.zeros(5000)) is None
