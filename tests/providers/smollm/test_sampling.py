import numpy as np
import pytest

from cje_audit.providers.smollm.sampling import sample_token, seeded_generator

LOG_PROBS = np.log([0.1, 0.5, 0.3, 0.1])


def counts(**how):
    generator = seeded_generator("test", 1)
    drawn = [sample_token(LOG_PROBS, chance=float(generator.random()), **how) for _ in range(20_000)]
    return np.bincount(drawn, minlength=4) / len(drawn)


def test_at_temperature_one_tokens_come_with_their_probability():
    assert counts(temperature=1.0, top_p=1.0) == pytest.approx([0.1, 0.5, 0.3, 0.1], abs=0.015)


def test_temperature_flattens_or_sharpens():
    cold = np.exp(LOG_PROBS / 0.5)
    assert counts(temperature=0.5, top_p=1.0) == pytest.approx(cold / cold.sum(), abs=0.015)


def test_the_nucleus_is_the_smallest_set_with_enough_probability():
    assert counts(temperature=1.0, top_p=0.7) == pytest.approx([0, 5 / 8, 3 / 8, 0], abs=0.015)
    assert counts(temperature=1.0, top_p=0.5) == pytest.approx([0, 1, 0, 0])


def test_temperature_zero_takes_the_most_probable():
    assert counts(temperature=0.0, top_p=1.0) == pytest.approx([0, 1, 0, 0])


def test_every_part_of_the_seed_matters():
    values = {float(seeded_generator(*parts).random()) for parts in [("a", 0), ("a", 1), ("b", 0), ("a", 0, "")]}
    assert len(values) == 4
