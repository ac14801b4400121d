import pytest

from cje_audit.numerics.arrays import finite, finite_pair, scaled


def test_only_finite_numbers_leave() -> None:
    assert finite(float("nan")) is None
    assert finite_pair(0.0, float("inf")) is None
    assert finite_pair(0.0, 1.0) == (0.0, 1.0)


@pytest.mark.parametrize(("shift", "value", "want"), [(700.0, 1e-10, True), (800.0, 1e-40, True), (800.0, 1.0, False)])
def test_scaled_gives_what_float64_can_hold(shift: float, value: float, want: bool) -> None:
    assert (scaled(shift, value) is not None) is want
