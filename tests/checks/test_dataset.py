import numpy as np
import pytest

from cje_audit.checks.dataset import DatasetFacts, Quarantined, check_dataset
from tests.checks.builders import found, make_rows, text_logprobs


def bad(n: int) -> tuple[Quarantined, ...]:
    return tuple(Quarantined(f"line {i + 1}", "schema", "no prompt") for i in range(n))


def test_clean_data_passes() -> None:
    rows, _ = text_logprobs(300, 0)
    checks = check_dataset(DatasetFacts(300, unfinished=np.zeros(300, dtype=bool)), rows)
    assert {c.status for c in checks} == {"pass", "not_evaluated"}


@pytest.mark.parametrize(("n_bad", "status"), [(1, "warn"), (5, "warn"), (6, "fail")])
def test_bad_lines_warn_up_to_five_percent(n_bad: int, status: str) -> None:
    check = check_dataset(DatasetFacts(100, bad(n_bad)), make_rows(np.full(100 - n_bad, 50)))[0]
    assert (check.status, check.n_affected) == (status, n_bad)
    assert f"{n_bad} of 100 lines were left out" in check.sentence
    assert check.example_ids[0] == "line 1"


def test_no_row_left_fails() -> None:
    check = check_dataset(DatasetFacts(2, bad(2)), make_rows([]))[0]
    assert check.status == "fail"
    assert "no row remains" in check.sentence


def test_copies_warn_and_conflicts_are_named() -> None:
    rows = make_rows(np.full(90, 50))
    copies = found(check_dataset(DatasetFacts(100, n_exact_duplicates=10), rows), "dataset.duplicate_ids")
    assert (copies.status, copies.n_affected) == ("warn", 10)
    conflict = found(check_dataset(DatasetFacts(100, conflicting_ids=("a", "b")), rows), "dataset.duplicate_ids")
    assert (conflict.status, conflict.example_ids) == ("warn", ("a", "b"))


def test_finish_reasons_tell_truncation() -> None:
    rows = make_rows(np.full(200, 50))
    rows.finish_reason[:] = "stop"
    assert found(check_dataset(DatasetFacts(200), rows), "dataset.truncation").status == "pass"
    rows.finish_reason[:8] = "length"
    check = found(check_dataset(DatasetFacts(200), rows), "dataset.truncation")
    assert (check.status, check.n_affected, len(check.example_ids)) == ("warn", 8, 8)


def test_without_finish_reasons_only_a_length_limit_speaks() -> None:
    rows, _ = text_logprobs(400, 1)
    rng = np.random.default_rng(0)
    careless = DatasetFacts(400, unfinished=rng.random(400) < 0.4)
    assert found(check_dataset(careless, rows), "dataset.truncation").status == "pass"
    cut = DatasetFacts(400, unfinished=rows.response_chars > np.quantile(rows.response_chars, 0.85))
    assert found(check_dataset(cut, rows), "dataset.truncation").status == "warn"
    assert found(check_dataset(DatasetFacts(400), rows), "dataset.truncation").status == "not_evaluated"
