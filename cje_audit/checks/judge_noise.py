"""Whether the judge says the same when it is asked again: only where it was asked more than once."""

from cje_audit.checks import thresholds
from cje_audit.checks.words import count, number, percent
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.draw_noise import DrawNoise

NOISE = "judge.noise"


def judge_noise(noise: DrawNoise, n_rows: int) -> Check:
    """Say how far repeated draws of the judge lie apart; warns when chance is most of what tells rows apart."""
    noisy = noise.share is not None and noise.share > thresholds.JUDGE_NOISE
    return Check(
        id=NOISE,
        status=CheckStatus.WARN if noisy else CheckStatus.PASS,
        value=noise.share,
        threshold=thresholds.JUDGE_NOISE,
        n_affected=noise.n_rows if noisy else 0,
        sentence=_sentence(noise, n_rows),
        what_to_do="Raise judge.draws, or lower the judge's temperature or use a stricter judge prompt."
        if noisy
        else None,
    )


def _sentence(noise: DrawNoise, n_rows: int) -> str:
    asked = f"{count(noise.n_rows, n_rows)} rows were judged more than once ({noise.n_scores:,} scores)"
    if not noise.sd:
        return f"{asked}, and the judge said the same each time."
    apart = f"{asked}: one score lies {number(noise.sd)} (standard deviation) from the mean of its row"
    if noise.share is None:
        return f"{apart}, and the rows' means do not differ."
    return f"{apart}; that is {percent(noise.share)} of the variance of the rows' mean scores."
