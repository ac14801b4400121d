"""A world's rows as the engine gets them after an import: log-probs, scores and labels, audited like any others."""

from functools import cache

import numpy as np

from cje_audit.checks.dataset import DatasetFacts
from cje_audit.checks.faults import audit_column
from cje_audit.checks.frame import Column, Floats, Ints, PolicyFacts, Rows
from cje_audit.checks.judge import audit_scores
from cje_audit.numerics.folds import hash_folds
from cje_audit.report.facts import FreshDraws, RunFacts
from worlds.world import World, fresh_drivers, shared_normals, utility_of

TARGET = "target"
CLIP = 1.0
"""Nats: the clipped estimators are tabulated with a limit that bites."""


@cache
def _skeleton(n: int, per_prompt: int) -> tuple[Rows, Ints]:
    """Return rows without lengths and the folds of their prompts; the same for every repetition of a world."""
    prompt = np.arange(n) // per_prompt
    nothing = np.full(n, np.nan)
    rows = Rows(
        row_ids=np.array([f"p{p}" if i % per_prompt == 0 else f"p{p}#{i % per_prompt}" for i, p in enumerate(prompt)],
                         dtype=object),
        cluster=prompt,
        text_key=np.arange(n),
        response_chars=np.zeros(n, dtype=np.int64),
        response_tokens=nothing,
        has_response=np.ones(n, dtype=bool),
        blank_response=np.zeros(n, dtype=bool),
        finish_reason=np.full(n, None, dtype=object),
    )  # fmt: skip
    return rows, hash_folds([f"p{p}" for p in prompt])


def _no_codes(n: int) -> np.ndarray:
    return np.full(n, None, dtype=object)


def _lose(values: Floats, lost: Floats, code: str) -> tuple[Floats, np.ndarray]:
    codes = _no_codes(len(values))
    codes[lost] = code
    return np.where(lost, np.nan, values), codes


def drawn(world: World, rng: np.random.Generator) -> RunFacts:
    """Draw one run of a world."""
    n = world.n
    skeleton, fold = _skeleton(n, world.draws_per_prompt)
    prompt = skeleton.cluster if world.draws_per_prompt > 1 else None
    driver = shared_normals(rng, n, prompt)
    utility = utility_of(rng, driver, prompt)
    chars = np.maximum(400, rng.lognormal(np.log(900), 0.5, n)).astype(np.int64)
    rows = Rows(**{**vars_of(skeleton), "response_chars": chars, "response_tokens": np.ceil(chars / 4.0)})
    logging = np.round(-chars * 0.06 * rng.lognormal(0, 0.3, n) - 4, 6)
    target = logging + world.family.log_ratio(driver) + np.log1p(-world.unseen)
    if world.noise:
        target = target + rng.normal(0, world.noise, n)
    target = np.round(target, 6) if not _exact(world) else target
    if world.damage is not None:
        logging, target = world.damage(logging, target, rng)
    target_column = audit_column(rows, *_lose(target, world.lost(rng, world.lost_logprobs, utility), "timeout"))
    score = world.scores(utility)
    facts = RunFacts(
        rows=rows,
        logging=PolicyFacts("base", "logging"),
        logging_column=audit_column(rows, logging, _no_codes(n)),
        targets={TARGET: PolicyFacts(TARGET, world.role)},
        target_columns={TARGET: target_column},
        judge=_judged(world, rng, rows, score, utility),
        oracle=_labels(world, rng, score, driver),
        scale=world.scale,
        dataset=DatasetFacts(n),
        stages=(),
        fresh_draws={TARGET: _fresh(world, rng)} if world.fresh else {},
        log_ratio_clip=CLIP,
    )
    facts.__dict__["fold"] = fold  # what the engine would compute from the same ids, once instead of every time
    return facts


def vars_of(rows: Rows) -> dict[str, object]:
    """Return the fields of rows, without what was computed from them."""
    return {name: getattr(rows, name) for name in Rows.__dataclass_fields__}


def _exact(world: World) -> bool:
    return world.role == "clone" and not world.noise


def _judged(world: World, rng: np.random.Generator, rows: Rows, score: Floats, utility: Floats) -> Column:
    values, codes = _lose(world.on_scale(score), world.lost(rng, world.lost_scores, utility), "timeout")
    return audit_scores(rows, values, codes, world.scale)


def _labels(world: World, rng: np.random.Generator, score: Floats, driver: Floats) -> Column | None:
    if not world.labels:
        return None
    label = np.full(world.n, np.nan)
    chosen = rng.choice(world.n, size=world.labels, replace=False)
    label[chosen] = world.on_scale(world.labelled(rng, score[chosen], driver[chosen]))
    codes = _no_codes(world.n)
    codes[np.isnan(label)] = "no_score"
    return Column(label, codes, label)


def _fresh(world: World, rng: np.random.Generator) -> FreshDraws:
    driver = fresh_drivers(rng, world)
    score = world.scores(utility_of(rng, driver))
    label = np.full(world.fresh, np.nan)
    first = slice(0, world.fresh_labels)
    label[first] = world.on_scale(world.labelled(rng, score[first], driver[first]))
    return FreshDraws(world.on_scale(score), label, np.arange(world.n, world.n + world.fresh))
