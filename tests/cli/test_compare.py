"""`compare` through the command line: numbers, words and exit codes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.errors import InputError
from tests.cli.helpers import cje
from tests.conftest import synthetic_rows


def test_two_imports_of_the_same_rows_and_of_others(tmp_path: Path, write_rows: Callable[..., Path]) -> None:
    work, rows = tmp_path / "w", synthetic_rows(300, sd=0.4)
    first = cje(work, "import", write_rows(rows), "--json").document["run"]
    for i, row in enumerate(rows):
        row["target_policy_logprobs"]["near"] = min(row["target_policy_logprobs"]["near"] + 0.05 * (i % 3), -1e-3)
    second = cje(work, "import", write_rows(rows), "--json").document["run"]
    done = cje(work, "compare", first, second, "--json")
    assert done.code == 0, done.out
    found = done.document
    assert found["comparable"] is True
    assert [c["a"] for c in found["comparisons"]] == ["base", "clone", "near"]
    assert all(c["n_pairs"] >= 100 and c["sentence"] for c in found["comparisons"])
    rows[0]["judge_score"] = 0.123
    third = cje(work, "import", write_rows(rows), "--json").document["run"]
    apart = cje(work, "compare", first, third, "--json")
    assert apart.code == 1
    assert apart.document["differs"] == ["The data differ: 1 of 300 common rows have other judge scores."]
    plain = cje(work, "compare", first, third, "--exit-zero")
    assert plain.code == 0
    assert apart.document["sentence"] in plain.out
    with pytest.raises(InputError, match="not compared with itself"):
        Audit.open(work).compare(first, first)
