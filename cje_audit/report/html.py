"""The report as one offline HTML file: the same sentences, no script, no network, and a hash to verify it by."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cje_audit.checks import words
from cje_audit.domain import moments, spoken, titles
from cje_audit.domain.checks import SEVERITY, Check, CheckStatus, Verdict
from cje_audit.domain.report import Estimate, FailureGroup, PolicyReport, Report, WeightReport
from cje_audit.domain.untrusted import visible
from cje_audit.domain.views import Reveal
from cje_audit.report.drawing import Bar, histogram, intervals
from cje_audit.report.redaction import without_rows

MISSING = "–"
NO_NUMBER = (Verdict.REFUSE, Verdict.NOT_EVALUATED)
BLANK_HASH = "0" * 64
HASH_PLACE = re.compile(r'(<meta name="cje-audit-file-hash" content=")([0-9a-f]{64})(">)')
DATA_PLACE = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """One policy as the page shows it; one without a number has no estimates here, unless someone revealed them."""

    policy: PolicyReport
    drawing: Markup
    reveal: Reveal | None

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """The estimates whose number may stand; of a policy that only its order may stand for, none."""
        told = () if self.policy.verdict is Verdict.RANK_ONLY else self.policy.estimates
        return tuple(e for e in told if e.value is not None)

    @property
    def head(self) -> Estimate | None:
        """The estimate that stands for the policy, where one may."""
        return next((e for e in self.estimates if e.primary), None)


@dataclass(frozen=True)
class FailedRows:
    """Rows of one stage and policy that failed with one code, of how many (None where nothing counted them)."""

    group: FailureGroup
    n_total: int | None


def render(
    report: Report,
    *,
    redact: bool = False,
    revealed: Mapping[str, Reveal] | None = None,
    signed_hash: str | None = None,
) -> str:
    """Return the report as HTML; `redact` leaves out row ids, reveals, and every line that quotes a row.

    `signed_hash` is the hash people sign, where `report` is a scrubbed copy.

    Text from files and models is escaped everywhere; a refused policy's estimates are not in the file at all, unless
    someone revealed them: then each line says by whom and why.
    """
    reveals = {} if redact or revealed is None else revealed
    shared = _without_refused_numbers(without_rows(report) if redact else report, reveals)
    text = _environment().get_template("report.html.j2").render(
        report=shared,
        spoken=spoken,
        redacted=redact,
        policies=[_shown(p, reveals.get(p.name)) for p in shared.policies],
        forest=intervals([_bar(p) for p in shared.policies]),
        speaking=[c for c in shared.checks() if c.status in (CheckStatus.WARN, CheckStatus.FAIL)],
        checks=list(_by_check(shared)),
        failed=[FailedRows(f, _n_total(shared, f)) for f in shared.failures],
        provenance=list(_facts(shared.run.provenance)),
        data=_embedded(shared.document()),
        report_hash=signed_hash or report.report_hash(),
        file_hash=BLANK_HASH,
    )  # fmt: skip
    return HASH_PLACE.sub(rf"\g<1>{_hash_of(text)}\g<3>", text)


def _environment() -> Environment:
    """Return the template's surroundings: how numbers are written, and what things are called."""
    made = Environment(
        loader=PackageLoader("cje_audit.report", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_looked_at,
    )  # fmt: skip
    made.filters |= {"number": number, "pair": pair, "percent": share, "count": count, "moment": moments.told}
    made.globals |= {
        "STATUSES": titles.STATUSES, "VERDICTS": titles.VERDICTS, "OUTCOMES": titles.OUTCOMES,
        "REWARDS": titles.REWARDS, "ESTIMATORS": titles.ESTIMATORS, "ROLES": titles.ROLES,
        "FIGURES": titles.FIGURES, "QUESTIONS": titles.QUESTIONS, "check_title": titles.check_title,
        "stage_title": titles.stage_title, "stage_purpose": titles.stage_purpose,
    }  # fmt: skip
    return made


def _looked_at(value: object) -> object:
    """Return what the template prints: a plain text with its control and direction signs made visible."""
    return visible(value) if type(value) is str else value


def number(value: float | None) -> str:
    """Return a number to three digits as the sentences have it, or a dash where there is none.

    Examples
    --------
    >>> number(0.12345), number(347.294), number(None)
    ('0.123', '347', '–')
    """
    return MISSING if value is None else words.number(value)


def pair(values: tuple[float, float] | None) -> str:
    """Return a range.

    Examples
    --------
    >>> pair((0.1, 0.25)), pair(None)
    ('0.1 to 0.25', '–')
    """
    return MISSING if values is None else words.span(values)


def share(value: float | None) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> share(0.543), share(None)
    ('54.3 %', '–')
    """
    return MISSING if value is None else words.percent(value)


def count(value: int | None) -> str:
    """Return a whole number.

    Examples
    --------
    >>> count(12345), count(None)
    ('12,345', '–')
    """
    return MISSING if value is None else f"{value:,}"


def verify_html(text: str) -> list[str]:
    """Return what does not hold of a report file; nothing when it is as it was written."""
    place, data = HASH_PLACE.search(text), DATA_PLACE.search(text)
    if place is None or data is None:
        return ["The file is not a CJE Audit report, or its hash was removed."]
    blank = HASH_PLACE.sub(rf"\g<1>{BLANK_HASH}\g<3>", text)
    if _hash_of(blank) != place[2]:
        return ["The file was changed after it was written: its content does not match its hash."]
    try:
        Report.model_validate(json.loads(data[1]))
    except ValueError:
        return ["The file's hash holds, but the report inside is not one that this version of CJE Audit reads."]
    return []


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _shown(policy: PolicyReport, reveal: Reveal | None) -> Shown:
    weights = policy.weights
    drawing = Markup("")
    if weights is not None and weights.histogram is not None and not _all_equal(weights):
        drawing = histogram(weights.histogram, f"Log ratios of {policy.name}")
    return Shown(policy, drawing, reveal)


def _all_equal(weights: WeightReport) -> bool:
    return weights.log_ratio is not None and weights.log_ratio.min == weights.log_ratio.max


def _bar(policy: PolicyReport) -> Bar:
    primary = next((e for e in policy.estimates if e.primary), None)
    if policy.verdict is not Verdict.REPORT or primary is None or primary.interval is None:
        return Bar(policy.name, None, None, None, said=titles.VERDICTS[policy.verdict].lower())
    rewards = (primary.reward, "oracle") if primary.reward == "calibrated" else (primary.reward,)
    truth = next((t.value for t in policy.truths if t.reward in rewards), None)
    return Bar(policy.name, primary.value, *primary.interval, truth)


Found = list[tuple[CheckStatus, list[str], list[str]]]


def _by_check(report: Report) -> Iterator[tuple[str, Found]]:
    """Give each check once: its statuses, the worst first, with the policies of each, and why one was not evaluated."""
    every = report.checks()
    for check_id in dict.fromkeys(c.id for c in every):
        mine = [c for c in every if c.id == check_id]
        statuses = sorted({c.status for c in mine}, key=lambda s: -SEVERITY[s])
        told = ((s, [c for c in mine if c.status is s]) for s in statuses)
        yield check_id, [(s, [c.policy for c in cs if c.policy], _why_not(cs)) for s, cs in told]


def _why_not(checks: list[Check]) -> list[str]:
    """Return why checks were not evaluated, each reason once; nothing of others, which speak above."""
    return list(dict.fromkeys(c.sentence for c in checks if c.status is CheckStatus.NOT_EVALUATED))


def _n_total(report: Report, group: FailureGroup) -> int | None:
    """Return of how many rows a group's are: the policy's, or those that went into its stage."""
    policy = None if group.policy is None else report.policy(group.policy)
    if policy is not None:
        return policy.n_total
    return next((s.n_in for s in report.stages if s.name == group.stage), None)


def _facts(provenance: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Give what is known of a run's making, a line each, in words."""
    for name, value in sorted(provenance.items()):
        parts = value.items() if isinstance(value, Mapping) else ()
        told = [f"{k} {v}" for k, v in parts] if parts else value if isinstance(value, list) else [value]
        if told:
            yield name.replace("_", " ").capitalize(), ", ".join(map(str, told))


def _without_refused_numbers(report: Report, revealed: Mapping[str, Reveal]) -> Report:
    kept = tuple(
        p.model_copy(update={"estimates": (), "truths": ()}) if p.verdict in NO_NUMBER and p.name not in revealed else p
        for p in report.policies
    )
    repairs = tuple(r.model_copy(update={"estimates": spoken.changes(report, r, revealed)}) for r in report.repairs)
    return report.model_copy(update={"policies": kept, "repairs": repairs})


def _embedded(document: dict[str, Any]) -> Markup:
    """Return JSON that cannot end its own script element."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False)
    for sign, safe in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(sign, safe)
    return Markup(text)
