"""The calibrated reward of a run: the judge's score mapped to the oracle label, cross-fitted by prompt."""

from dataclasses import dataclass

import numpy as np

from cje_audit.checks.frame import Column, Floats, Ints, Rows
from cje_audit.numerics.calibration import Calibration, Placed, can_calibrate, fit_calibration
from cje_audit.numerics.folds import fold_of


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The calibration, each row's fold, int64 (n,), and the calibrated reward as a column.

    `column` misses exactly the cells the judge's column misses, with the same codes; `placed` and `on_a_line`, shape
    (n,) each, say where on the curve a row lies and what a straight line would predict (no matter what where no score
    is).
    """

    calibration: Calibration
    fold: Ints
    column: Column
    fold_by_prompt: dict[int, int]
    placed: Placed
    on_a_line: Floats

    def folds_of(self, cluster: Ints) -> Ints:
        """Return the folds of other rows by their prompts' numbers.

        Fresh draws of a logged prompt share its fold, so its label never predicts them; other prompts get their own.
        """
        known = self.fold_by_prompt
        found = [known[c] if c in known else fold_of(f"prompt number {c}") for c in cluster.tolist()]
        return np.array(found, dtype=np.int64)

    def predict(self, score: Floats, cluster: Ints) -> Floats:
        """Return the calibrated reward of other scores, NaN where the score is; shape (m,)."""
        known = ~np.isnan(score)
        values = np.full(len(score), np.nan)
        placed = self.calibration.place(score[known])
        values[known] = self.calibration.predict(placed, self.folds_of(cluster[known]))
        return values


def prompt_keys(rows: Rows) -> list[str]:
    """Return one text per row that names its prompt: the first of its prompt's row ids, so draws share it."""
    if rows.prompts.place is None:
        return [str(row_id) for row_id in rows.row_ids.tolist()]
    first: dict[int, str] = {}
    for number, row_id in zip(rows.cluster.tolist(), rows.row_ids.tolist(), strict=True):
        if number not in first or row_id < first[number]:
            first[number] = row_id
    return [first[number] for number in rows.cluster.tolist()]


def calibrate(rows: Rows, fold: Ints, judge: Column | None, oracle: Column | None) -> Calibrated | None:
    """Fit judge score → oracle label on the rows that have both; None where there is nothing to fit."""
    if judge is None or oracle is None:
        return None
    both = judge.ok & oracle.ok
    if not both.any():
        return None
    if not can_calibrate(judge.values[both], fold[both]):
        return None
    calibration = fit_calibration(judge.values[both], oracle.values[both], fold[both], rows.cluster[both])
    score = np.where(judge.ok, judge.values, calibration.nodes[0])
    placed = calibration.place(score)
    values: Floats = np.where(judge.ok, calibration.predict(placed, fold), np.nan)
    column = Column(values=values, codes=judge.codes, reported=values)
    by_prompt = dict(zip(rows.cluster.tolist(), fold.tolist(), strict=True))
    return Calibrated(calibration, fold, column, by_prompt, placed, calibration.predict_line(score))
