import numpy as np

from cje_audit.numerics.folds import FOLDS, hash_folds, occupied


def test_a_fold_depends_on_the_prompt_alone() -> None:
    names = [f"prompt {i}" for i in range(1000)]
    folds = hash_folds(names)
    order = np.random.default_rng(0).permutation(1000)
    assert np.array_equal(hash_folds([names[i] for i in order]), folds[order])


def test_folds_are_about_equally_large() -> None:
    counts = np.bincount(hash_folds([f"p{i}" for i in range(20_000)]), minlength=FOLDS)
    assert counts.min() > 880
    assert counts.max() < 1120
    assert occupied(np.array([0, 0, 3]), 5).tolist() == [True, False, False, True, False]
