import numpy as np

from cje_audit.checks.build import Fault, examples, none_evaluated, row_check
from tests.checks.builders import make_rows

FAULT = Fault("judge.range", "scores", "are off", "All fine.", "Look.")


def test_twenty_examples_and_a_full_count() -> None:
    table = make_rows(np.full(1000, 5))
    mask = np.arange(1000) < 45
    check = row_check(FAULT, table, mask)
    assert (check.status, check.n_affected, len(check.example_ids)) == ("warn", 45, 20)
    assert check.sentence == "45 of 1,000 scores are off."
    assert examples(table, mask)[0] == "r0"


def test_not_evaluated_says_why() -> None:
    (check,) = none_evaluated(["judge.range"], "there is no judge", "b")
    assert (check.status, check.sentence, check.policy) == ("not_evaluated", "Not evaluated: there is no judge.", "b")
