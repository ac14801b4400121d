import numpy as np

from cje_audit.checks.missingness import missingness
from cje_audit.domain.checks import Check
from tests.checks.builders import NAN, column, scores, text_logprobs


def lose(mask_of: str) -> Check:
    rows, values = text_logprobs(600, 0)
    rng = np.random.default_rng(1)
    judged = rng.random(600)
    lost = {
        "none": np.zeros(600, dtype=bool),
        "few": np.arange(600) < 5,
        "random": rng.random(600) < 0.1,
        "long": rows.response_chars > np.quantile(rows.response_chars, 0.9),
        "low": judged < 0.1,
        "all": np.ones(600, dtype=bool),
    }[mask_of]
    target = np.where(lost, NAN, values - 0.1)
    return missingness(rows, "b", column(rows, values), column(rows, target), scores(rows, judged))


def test_each_pattern_and_its_direction() -> None:
    assert lose("none").status == "pass"
    assert lose("few").status == "not_evaluated"
    assert lose("random").status == "pass"
    assert lose("all").status == "not_evaluated"
    long, low = lose("long"), lose("low")
    assert (long.status, low.status) == ("warn", "warn")
    assert "they are longer" in long.sentence
    assert "judged lower" in low.sentence


def test_without_a_judge_it_is_not_evaluated() -> None:
    rows, values = text_logprobs(20, 0)
    check = missingness(rows, "b", column(rows, values), column(rows, values), None)
    assert check.status == "not_evaluated"
