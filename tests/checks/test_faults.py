"""Exactly the planted cells go missing, each with its code; clean columns of every format stay whole."""

import numpy as np
import pytest

from cje_audit.checks.faults import audit_column, has_code
from cje_audit.checks.frame import Floats
from cje_audit.domain.codes import FailureCode
from tests.checks.builders import NAN, make_rows, no_codes, text_logprobs


def plant(n: int, share: float, seed: int, value: float) -> tuple[set[int], set[int]]:
    """Plant a constant into a clean column; return what was planted and what was found."""
    rows, values = text_logprobs(n, seed)
    planted = np.random.default_rng(seed).choice(n, max(1, int(share * n)), replace=False)
    values[planted] = value
    found = audit_column(rows, values, no_codes(n))
    code = FailureCode.ZERO_ON_TEXT if value == 0 else FailureCode.SENTINEL
    assert np.array_equal(has_code(found, code), ~found.ok)
    return set(planted.tolist()), set(np.flatnonzero(~found.ok).tolist())


@pytest.mark.parametrize("value", [-100.0, -50.0, -10.0, -999.0, -37.5, -23.025850929940457, -41.123456, -1e9])
@pytest.mark.parametrize(("n", "share"), [(200, 0.03), (503, 0.02), (3000, 0.1), (400, 0.6)])
def test_fallback_constants_are_found_exactly(value: float, n: int, share: float) -> None:
    planted, found = plant(n, share, seed=n, value=value)
    assert found == planted


@pytest.mark.parametrize("value", [-100.0, -50.0, -10.0, -999.0])
def test_a_single_known_constant_is_found_in_a_fine_column(value: float) -> None:
    planted, found = plant(500, 0.0, seed=1, value=value)
    assert found == planted


def digits(values: Floats, n: int) -> Floats:
    return np.array([float(f"{v:.{n}g}") for v in values])


@pytest.mark.parametrize("value", [float(np.log(1e-10)), -23.0259, -69.0776, -1e-4, -5e-7])
@pytest.mark.parametrize("seed", range(4))
def test_two_rows_are_enough_where_a_column_of_six_digits_cannot_have_the_value(value: float, seed: int) -> None:
    rows, values = text_logprobs(500, seed, chars=500.0)
    values = digits(values, 6)
    planted = np.random.default_rng(seed).choice(np.flatnonzero(rows.response_chars >= 40), 2, replace=False)
    values[planted] = value
    lost = np.flatnonzero(~audit_column(rows, values, no_codes(500)).ok)
    assert sorted(planted.tolist()) == lost.tolist()


def test_two_texts_of_one_length_share_no_number_off_the_columns_grid() -> None:
    rows, values = text_logprobs(500, 4)
    values = np.round(values, 6)
    rows.response_chars[[7, 90]] = 1234
    values[[7, 90]] = -1e4 / 3
    assert np.flatnonzero(~audit_column(rows, values, no_codes(500)).ok).tolist() == [7, 90]
    values[[7, 90]] = -61.834251
    assert audit_column(rows, values, no_codes(500)).n_ok == 500


@pytest.mark.parametrize("seed", range(4))
def test_a_column_of_four_decimals_and_few_large_values_stays_whole(seed: int) -> None:
    rows, values = text_logprobs(4000, seed)
    values = np.round(values, 4)
    assert 0.001 < np.mean(values <= -100) < 0.5
    assert audit_column(rows, values, no_codes(4000)).n_ok == 4000


def test_zeros_on_long_text_are_found_exactly_and_a_forced_word_is_not() -> None:
    rows, values = text_logprobs(300, 5)
    rows.response_chars[:2] = 17
    values[:2] = 0.0
    values[10:18] = 0.0
    found = audit_column(rows, values, no_codes(300))
    assert np.flatnonzero(has_code(found, FailureCode.ZERO_ON_TEXT)).tolist() == list(range(10, 18))
    assert found.ok[:2].all()


def test_zeros_everywhere_are_zeros_on_text_also_on_short_answers() -> None:
    rows = make_rows(np.full(100, 3))
    found = audit_column(rows, np.zeros(100), no_codes(100))
    assert has_code(found, FailureCode.ZERO_ON_TEXT).all()


def test_five_known_tokens_are_text_however_short() -> None:
    rows = make_rows(np.full(30, 12), tokens=np.full(30, 6.0))
    values = -np.random.default_rng(0).gamma(3, 2, 30)
    values[4] = 0.0
    assert np.flatnonzero(~audit_column(rows, values, no_codes(30)).ok).tolist() == [4]


FORMATS = {
    "float64": lambda v: v,
    "float32": lambda v: v.astype(np.float32).astype(np.float64),
    "bfloat16": lambda v: (v.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32).astype(np.float64),
    "4 decimals": lambda v: np.round(v, 4),
    "2 decimals": lambda v: np.round(v, 2),
    "1 decimal": lambda v: np.round(v, 1),
    "integers": lambda v: np.round(v),
    "4 digits": lambda v: np.array([float(f"{x:.4g}") for x in v]),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("n", [24, 200, 2000, 20_000])
@pytest.mark.parametrize("chars", [15.0, 1500.0])
def test_clean_columns_stay_whole(form: str, n: int, chars: float) -> None:
    rows, values = text_logprobs(n, seed=n, chars=chars)
    assert audit_column(rows, FORMATS[form](values), no_codes(n)).n_ok == n


def test_near_certain_short_answers_may_tie_near_zero() -> None:
    rng = np.random.default_rng(3)
    rows = make_rows(rng.integers(1, 6, 400))
    values = -np.round(rng.exponential(4, 400)) * 2.0**-24 - np.where(rng.random(400) < 0.4, rng.gamma(2, 1, 400), 0)
    assert audit_column(rows, values, no_codes(400)).n_ok == 400


def test_the_same_text_may_tie_and_so_may_two_spellings_of_its_prompt() -> None:
    rows, values = text_logprobs(200, 8)
    rows.text_key[:20] = rows.text_key[0]
    rows.response_chars[:20] = rows.response_chars[0]
    values[:20] = values[0]
    rows.response_chars[30:33] = rows.response_chars[30]
    values[30:33] = values[30]
    assert audit_column(rows, values, no_codes(200)).n_ok == 200


def test_two_constants_at_once_do_not_hide_each_other() -> None:
    rows, values = text_logprobs(500, 9)
    values[:30], values[30:60], values[60:70] = -100.0, -99.0, -50.0
    assert np.flatnonzero(~audit_column(rows, values, no_codes(500)).ok).tolist() == list(range(70))


def test_a_column_of_one_constant_is_all_fallback() -> None:
    rows, _ = text_logprobs(50, 2)
    assert has_code(audit_column(rows, np.full(50, -100.0), no_codes(50)), FailureCode.SENTINEL).all()


def test_coarse_columns_still_show_a_constant_that_stands_out() -> None:
    rows, values = text_logprobs(5000, 4)
    values = np.round(values, 2)
    values[:100] = -100.0
    found = ~audit_column(rows, values, no_codes(5000)).ok
    assert found[:100].all()
    assert found.sum() <= 105


def test_a_clamped_minus_infinity_is_found() -> None:
    rows, values = text_logprobs(100, 3)
    values[7] -= 9999.0
    rows.response_chars[7] = 80
    assert np.flatnonzero(~audit_column(rows, values, no_codes(100)).ok).tolist() == [7]


def test_every_code_and_its_precedence() -> None:
    rows, values = text_logprobs(60, 6)
    values[0], values[1], values[2], values[3], values[4] = NAN, np.inf, -np.inf, 0.5, NAN
    rows.blank_response[5] = True
    rows.has_response[6] = False
    codes = no_codes(60)
    codes[4], codes[8] = "timeout", "echo_mismatch"
    found = audit_column(rows, values, codes)
    assert found.codes[:9].tolist() == [
        "no_score", "non_finite", "non_finite", "positive_logprob", "timeout", "empty_response", "empty_response", None,
        "echo_mismatch",
    ]  # fmt: skip
    assert np.array_equal(np.isnan(found.values), found.codes != np.full(60, None))
    assert found.reported[3] == 0.5
    assert np.isnan(found.reported[1])
    assert codes[0] is None


def test_no_row_at_all() -> None:
    assert audit_column(make_rows([]), np.zeros(0), no_codes(0)).n_ok == 0
