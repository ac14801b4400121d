"""Folds for cross-fitting: a prompt's fold depends on its id alone, not on the other rows or their order."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np

from cje_audit.numerics.arrays import Bools, Ints

FOLDS = 20


def fold_of(key: str, folds: int = FOLDS) -> int:
    """Return the fold of one prompt id, by BLAKE2b of its UTF-8 bytes.

    Examples
    --------
    >>> fold_of("prompt-1") == fold_of("prompt-1")
    True
    """
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") % folds


def hash_folds(keys: Iterable[str], folds: int = FOLDS) -> Ints:
    """Return the fold of each prompt id, int64 (n,).

    Examples
    --------
    >>> bool(np.all(hash_folds(["a", "b", "a"])[[0, 2]] == fold_of("a")))
    True
    """
    digests = b"".join([blake2b(key.encode(), digest_size=8).digest() for key in keys])
    return (np.frombuffer(digests, dtype=">u8") % folds).astype(np.int64)


def occupied(fold: Ints, folds: int = FOLDS) -> Bools:
    """Mark the folds that hold a row, bool (folds,)."""
    marked: Bools = np.bincount(fold, minlength=folds) > 0
    return marked
