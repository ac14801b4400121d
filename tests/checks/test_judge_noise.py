from cje_audit.checks.judge_noise import judge_noise
from cje_audit.domain.checks import CheckStatus
from cje_audit.numerics.draw_noise import DrawNoise


def test_a_steady_judge_passes_and_its_noise_is_said():
    check = judge_noise(DrawNoise(900, 2700, 0.05, 0.02), 1000)
    assert check.status is CheckStatus.PASS and check.what_to_do is None
    assert check.sentence == (
        "900 of 1,000 rows were judged more than once (2,700 scores): one score lies 0.05 (standard deviation) from the "
        "mean of its row; that is 2 % of the variance of the rows' mean scores."
    )


def test_a_judge_whose_draws_are_mostly_chance_warns():
    check = judge_noise(DrawNoise(100, 200, 0.4, 0.7), 100)
    assert check.status is CheckStatus.WARN and check.n_affected == 100
    assert "Raise judge.draws" in (check.what_to_do or "")


def test_no_noise_at_all_and_no_variation_at_all():
    assert judge_noise(DrawNoise(10, 20, 0.0, 0.0), 10).sentence.endswith("the judge said the same each time.")
    assert judge_noise(DrawNoise(10, 20, 0.3, None), 10).sentence.endswith("and the rows' means do not differ.")
