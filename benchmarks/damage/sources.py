"""Clean datasets: the sample experiment, the arena rows where they are at hand, and synthetic ones."""

from pathlib import Path

import numpy as np

from cje_audit.checks.frame import Floats
from cje_audit.formats.dataset import read_dataset
from cje_audit.formats.options import ImportOptions
from cje_audit.stages.columns import as_floats, as_objects, build_rows, flags, text_features
from cje_audit.stages.dataset import sample_frame
from damage.raw import SCALE, Raw

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data" / "experiment" / "logged_data.jsonl"
START = 4.0
"""Nats that the first word of a synthetic response costs, so that no log-prob comes near 0."""


def synthetic(n: int, seed: int) -> Raw:
    """Log-normal lengths and weights with E[w] = 1; scores follow the log ratio, labels follow the scores."""
    rng = np.random.default_rng(seed)
    chars = np.maximum(12, rng.lognormal(np.log(400), 0.7, n)).astype(np.int64)
    base = np.round(-chars * 0.06 * rng.lognormal(0, 0.3, n) - START, 6)
    judge = np.round(1 / (1 + np.exp(-rng.normal(0.6, 1.0, n))), 6)
    shift = 0.4 * (judge - judge.mean()) + rng.normal(-(0.6**2) / 2, 0.6, n)
    label = np.where(rng.random(n) < 0.5, (rng.random(n) < judge).astype(float), np.nan)
    other = base + rng.normal(-(0.4**2) / 2, 0.4, n)
    return _raw(
        np.arange(n), chars, np.full(n, np.nan), np.full(n, "stop", dtype=object), np.zeros(n, dtype=bool), base,
        (base.copy(), np.round(base + shift, 6), np.round(other, 6)), judge, label,
    )  # fmt: skip


def _raw(
    key: object, chars: object, tokens: Floats, finish: object, open_end: object, base: Floats,
    targets: tuple[Floats, Floats, Floats], judge: Floats, label: Floats,
) -> Raw:  # fmt: skip
    n = len(base)
    nobody = np.zeros(n, dtype=bool)
    marks = (np.full(n, None, dtype=object), nobody.copy(), nobody.copy(), nobody.copy())
    return Raw(np.arange(n), key, chars, tokens, finish, *marks, open_end, base, *targets, judge, label)


def loaded(path: Path, near: str, other: str) -> Raw:
    """Read a dataset the way an import does; text marks are taken as they are found."""
    imported = read_dataset([path], ImportOptions(judge_scale=SCALE))
    sample = text_features(sample_frame(imported.rows))
    rows = build_rows(sample)
    columns = [as_floats(imported.rows[f"target_logprob:{name}"]) for name in ("clone", near, other)]
    raw = _raw(
        rows.text_key, rows.response_chars, rows.response_tokens, rows.finish_reason, flags(sample["ends_open"]),
        as_floats(imported.rows["logging_logprob"]), (columns[0], columns[1], columns[2]),
        as_floats(imported.rows["judge_score"]), as_floats(imported.rows["oracle_label"]),
    )  # fmt: skip
    raw.cluster = rows.cluster
    raw.control, raw.role = as_objects(sample["control_token"]), flags(sample["role_marker"])
    raw.turn, raw.loop = flags(sample["invented_turn"]), flags(sample["loop"])
    return raw


def sample_experiment() -> Raw:
    """Return the bundled experiment."""
    return loaded(SAMPLE, "four_examples", "two_examples")


def arena(folder: Path) -> Raw | None:
    """Return the arena rows, None where they are not at hand."""
    path = folder / "logged_data.jsonl"
    return loaded(path, "parallel_universe_prompt", "unhelpful") if path.is_file() else None
