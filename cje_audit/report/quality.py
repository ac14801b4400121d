"""The figures of quality of a dataset or run: flaws of its texts, their lengths, and log-prob margins per token."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples
from cje_audit.checks.dataset import CUT_REASONS
from cje_audit.checks.frame import Bools, Floats, Rows, equals
from cje_audit.checks.text_marks import TextMarks, is_many
from cje_audit.checks.words import count, number, percent
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.quality import Distribution, Figure, QualityFigure
from cje_audit.report.distributions import distribution, kinds
from cje_audit.report.facts import RunFacts, TextFigures

CONTAMINATION, RUNAWAY, TRUNCATION = "dataset.template_contamination", "dataset.runaway", "dataset.truncation"
SIGN = "target_policy.log_ratio_sign"
NOT_SAID = "not said"


@dataclass(frozen=True, eq=False)
class Margin:
    """Target − logging log-prob divided by the response's length, float64 (n,), NaN where missing; and its unit."""

    values: Floats
    unit: str


@dataclass(frozen=True, eq=False)
class Material:
    """What the figures are made from; `marks` and `texts` are None where the texts are not at hand."""

    rows: Rows
    marks: TextMarks | None
    texts: TextFigures | None
    margins: Mapping[str, Margin] = field(default_factory=dict)


def margin(log_ratio: Floats, tokens: Floats, chars: Floats) -> Margin:
    """Divide log ratios (nats, (n,)) by tokens where any count is known, else by characters.

    Examples
    --------
    >>> nan = float("nan")
    >>> margin(np.array([-2.0, nan]), np.array([4.0, 4.0]), np.array([20.0, 20.0])).values.tolist()
    [-0.5, nan]
    >>> margin(np.array([-2.0]), np.array([nan]), np.array([20.0])).unit
    'nats per character'
    """
    counted = bool((~np.isnan(log_ratio) & (tokens > 0)).any())
    length = tokens if counted else chars
    values = np.full(len(log_ratio), np.nan)
    np.divide(log_ratio, length, out=values, where=length > 0)
    return Margin(values, f"nats per {'token' if counted else 'character'}")


def material_of(facts: RunFacts) -> Material:
    """Return what the figures of a run are made from."""
    chars = facts.rows.response_chars.astype(np.float64)
    margins = {p: margin(facts.log_ratio(p), facts.tokens(p), chars) for p in facts.targets if p in facts.pairings}
    return Material(facts.rows, facts.dataset.marks, facts.texts, margins)


def quality_figures(found: Material, checks: Sequence[Check]) -> tuple[QualityFigure, ...]:
    """Return every figure; `checks` are those of the same data, whose status the figures carry."""
    known = {(c.id, c.policy): c.status for c in checks}
    return (*_flaws(found, known), *_lengths(found), *_margins(found, known))


Known = Mapping[tuple[str, str | None], CheckStatus]


def _flaws(found: Material, known: Known) -> Iterator[QualityFigure]:
    rows, marks = found.rows, found.marks
    if marks is not None:
        control = ~equals(marks.control, None)
        yield _flaw(
            "template_tokens", CONTAMINATION, rows, control, known, "rows hold a chat-template control token",
            "template_share", kinds(str(c) for c in marks.control[control]),
        )  # fmt: skip
        many = is_many(int(np.count_nonzero(marks.role_marker)), rows.n)
        yield _flaw(
            "role_markers", CONTAMINATION, rows, marks.role_marker, known,
            "rows hold a role marker such as User: or Assistant:", "role_marker_share", _places(marks), judged=many,
        )  # fmt: skip
        yield _flaw(
            "runaway", RUNAWAY, rows, marks.invented_turn | marks.loop, known, "responses go on past their end",
            "runaway_share", _ways(marks),
        )  # fmt: skip
    yield _cut(rows, known)
    if found.texts is not None:
        yield _repeated(found, found.texts, known)


def _flaw(
    name: Figure, check: str, rows: Rows, mask: Bools, known: Known, said: str, metric: str,
    shape: Distribution | None, *, judged: bool = True,
) -> QualityFigure:  # fmt: skip
    n = int(np.count_nonzero(mask))
    status = known.get((check, None), CheckStatus.NOT_EVALUATED)
    return QualityFigure(
        name=name,
        status=status if n and judged else CheckStatus.PASS,
        check=check,
        sentence=f"{count(n, rows.n)} {said}.",
        n=rows.n,
        n_total=rows.n,
        n_affected=n,
        metrics={metric: n / rows.n if rows.n else None},
        distribution=shape,
        example_ids=examples(rows, mask),
    )


def _places(marks: TextMarks) -> Distribution | None:
    inside = marks.role_marker & marks.invented_turn
    return _counted({"in prompt or response": marks.role_marker & ~inside, "as a next turn in the response": inside})


def _ways(marks: TextMarks) -> Distribution | None:
    both = marks.invented_turn & marks.loop
    return _counted({
        "invents a next turn": marks.invented_turn & ~both, "repeats itself at its end": marks.loop & ~both,
        "both": both,
    })  # fmt: skip


def _counted(masks: Mapping[str, Bools]) -> Distribution | None:
    counts = {label: int(np.count_nonzero(mask)) for label, mask in masks.items()}
    if not any(counts.values()):
        return None
    return Distribution(unit="kind", labels=tuple(counts), counts=tuple(counts.values()))


def _cut(rows: Rows, known: Known) -> QualityFigure:
    told = ~equals(rows.finish_reason, None)
    cut = np.zeros(rows.n, dtype=bool)
    cut[told] = np.isin(rows.finish_reason[told].astype(str), CUT_REASONS)
    n, n_told = int(np.count_nonzero(cut)), int(np.count_nonzero(told))
    said = f"{count(n, n_told)} responses were cut at the length limit"
    untold = f"{count(rows.n - n_told, rows.n)} responses come without the reason why they ended"
    return QualityFigure(
        name="truncation",
        status=known.get((TRUNCATION, None), CheckStatus.NOT_EVALUATED),
        check=TRUNCATION,
        sentence="; ".join([*([said] if n_told else []), *([untold] if n_told < rows.n else [])]) + ".",
        n=n_told,
        n_total=rows.n,
        n_affected=n if n_told else None,
        metrics={"truncation_share": n / n_told if n_told else None},
        distribution=kinds(NOT_SAID if r is None else str(r) for r in rows.finish_reason),
        example_ids=examples(rows, cut),
    )


def _repeated(found: Material, texts: TextFigures, known: Known) -> QualityFigure:
    rows, values = found.rows, texts.repetition
    shape = distribution(values[~np.isnan(values)], "share of four-word sequences")
    loop = np.zeros(rows.n, dtype=bool) if found.marks is None else found.marks.loop
    n, n_measured = int(np.count_nonzero(loop)), int(np.count_nonzero(~np.isnan(values)))
    status = known.get((RUNAWAY, None), CheckStatus.NOT_EVALUATED)
    return QualityFigure(
        name="repetition",
        status=status if n else CheckStatus.PASS,
        check=RUNAWAY,
        sentence=f"{_repetition_sentence(shape, n_measured, rows.n)} {count(n, rows.n)} end by repeating themselves.",
        n=n_measured,
        n_total=rows.n,
        metrics={"mean_repetition": None if shape is None or shape.spread is None else shape.spread.mean},
        distribution=shape,
        example_ids=_highest(rows, np.where(loop, 2.0, values), above=0.0),
    )


def _repetition_sentence(shape: Distribution | None, n: int, total: int) -> str:
    if shape is None or shape.spread is None:
        return "No response has the four words that a repetition is measured on."
    half, most = percent(shape.spread.p50), percent(shape.spread.p95)
    return (
        f"Of {count(n, total)} responses measured, half repeat at most {half} of their four-word sequences, "
        f"and one in twenty more than {most}."
    )


def _lengths(found: Material) -> Iterator[QualityFigure]:
    rows = found.rows
    chars = np.where(rows.has_response, rows.response_chars.astype(np.float64), np.nan)
    yield _length("response_length", rows, chars, "responses", "characters", "mean_response_chars")
    yield _length("response_tokens", rows, rows.response_tokens, "responses", "tokens", "mean_response_tokens")
    if found.texts is not None:
        prompts = found.texts.prompt_chars.astype(np.float64)
        yield _length("prompt_length", rows, prompts, "prompts", "characters", "mean_prompt_chars")


def _length(name: Figure, rows: Rows, values: Floats, noun: str, unit: str, metric: str) -> QualityFigure:
    shape = distribution(values[~np.isnan(values)], unit)
    told = None if shape is None else shape.spread
    n = int(np.count_nonzero(~np.isnan(values)))
    said = (
        f"No length in {unit} is known."
        if told is None
        else f"The middle one of {count(n, rows.n)} {noun} has {number(told.p50)} {unit}; they reach from "
        f"{number(told.min)} to {number(told.max)}, and one in twenty is longer than {number(told.p95)}."
    )
    return QualityFigure(
        name=name, status=None, check=None, sentence=said, n=n, n_total=rows.n,
        metrics={metric: None if told is None else told.mean}, distribution=shape,
        example_ids=_highest(rows, values),
    )  # fmt: skip


def _margins(found: Material, known: Known) -> Iterator[QualityFigure]:
    for policy, measured in found.margins.items():
        values = measured.values
        shape = distribution(values[~np.isnan(values)], measured.unit)
        told = None if shape is None else shape.spread
        n = int(np.count_nonzero(~np.isnan(values)))
        said = (
            f"No row has both log-probs for {policy}."
            if told is None
            else f"On {count(n, found.rows.n)} rows, {policy}'s log-prob lies {number(told.p50)} {measured.unit} from "
            f"the logging policy's at the median; 9 of 10 rows lie between {number(told.p05)} and {number(told.p95)}."
        )
        yield QualityFigure(
            name="margin", policy=policy, status=known.get((SIGN, policy)),
            check=SIGN if (SIGN, policy) in known else None, sentence=said, n=n, n_total=found.rows.n,
            metrics={f"median_margin:{policy}": None if told is None else told.p50}, distribution=shape,
            example_ids=_highest(found.rows, np.abs(values)),
        )  # fmt: skip


def _highest(rows: Rows, values: Floats, above: float = -np.inf) -> tuple[str, ...]:
    """Return the ids of the rows with the largest values above a limit, largest first; NaN is none of them."""
    there = np.flatnonzero(values > above)
    first = there[np.argsort(-values[there], kind="stable")[: thresholds.EXAMPLES]]
    return tuple(str(i) for i in rows.row_ids[first])
