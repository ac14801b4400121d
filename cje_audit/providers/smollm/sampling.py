"""How a response is sampled: temperature, nucleus, and a generator seeded by who asks what for which draw."""

import hashlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def seeded_generator(*parts: str | int) -> np.random.Generator:
    """Return a generator that depends on exactly these parts, on every machine.

    Examples
    --------
    >>> bool(seeded_generator("a", 1).random() == seeded_generator("a", 1).random())
    True
    """
    text = "\x00".join(str(part) for part in parts)
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest())))


def sample_token(log_probs: Floats, *, temperature: float, top_p: float, chance: float) -> int:
    """Return the token that the number `chance` in [0, 1) falls on; the most probable one at temperature 0.

    Parameters
    ----------
    log_probs
        Next-token log-probabilities in nats at temperature 1, shape (vocabulary,).
    temperature, top_p
        Divide the log-probabilities; then keep the smallest set of tokens with at least this much probability.

    Examples
    --------
    >>> sample_token(np.log([0.5, 0.25, 0.25]), temperature=1.0, top_p=1.0, chance=0.6)
    1
    >>> sample_token(np.log([0.25, 0.5, 0.25]), temperature=0.0, top_p=1.0, chance=0.9)
    1
    """
    if temperature == 0:
        return int(np.argmax(log_probs))
    scaled = (log_probs - log_probs.max()) / temperature
    mass = np.exp(scaled)
    if top_p < 1:
        order = np.argsort(-mass, kind="stable")
        before = np.cumsum(mass[order]) - mass[order]
        mass[order[before >= top_p * mass.sum()]] = 0.0
    reached = np.cumsum(mass)
    return int(np.searchsorted(reached, chance * reached[-1], side="right"))
