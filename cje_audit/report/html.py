"""The report as one offline HTML file: the same sentences, no script, no network, and a hash to verify it by."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cje_audit.domain.checks import Check, CheckStatus, Override, Verdict
from cje_audit.domain.report import Estimate, PolicyReport, Report
from cje_audit.domain.views import Reveal
from cje_audit.report.drawing import Bar, histogram, intervals

NO_NUMBER = (Verdict.REFUSE, Verdict.NOT_EVALUATED)
BADGES = {
    Verdict.REPORT: "REPORT",
    Verdict.RANK_ONLY: "ORDER ONLY",
    Verdict.REFUSE: "NO NUMBER",
    Verdict.NOT_EVALUATED: "NOT EVALUATED",
}
BLANK_HASH = "0" * 64
HASH_PLACE = re.compile(r'(<meta name="cje-audit-file-hash" content=")([0-9a-f]{64})(">)')
DATA_PLACE = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """One policy as the page shows it; one without a number has no estimates here, unless someone revealed them."""

    policy: PolicyReport
    badge: str
    estimates: tuple[Estimate, ...]
    drawing: Markup
    reveal: Reveal | None


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
    shared = _without_refused_numbers(_redacted(report) if redact else report, reveals)
    environment = Environment(
        loader=PackageLoader("cje_audit.report", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["number"] = number
    environment.filters["pair"] = pair
    text = environment.get_template("report.html.j2").render(
        report=shared,
        redacted=redact,
        policies=[_shown(p, reveals.get(p.name)) for p in shared.policies],
        forest=intervals([_bar(p) for p in shared.policies]),
        speaking=[c for c in shared.checks() if c.status in (CheckStatus.WARN, CheckStatus.FAIL)],
        data=_embedded(shared.document()),
        report_hash=signed_hash or report.report_hash(),
        file_hash=BLANK_HASH,
    )
    return HASH_PLACE.sub(rf"\g<1>{_hash_of(text)}\g<3>", text)


def number(value: float | None) -> str:
    """Return a number to three decimals, or a dash where there is none.

    Examples
    --------
    >>> number(0.12345), number(None)
    ('0.123', '–')
    """
    return "–" if value is None else f"{value:.3f}"


def pair(values: tuple[float, float] | None) -> str:
    """Return a range.

    Examples
    --------
    >>> pair((0.1, 0.25)), pair(None)
    ('0.100 to 0.250', '–')
    """
    return "–" if values is None else f"{number(values[0])} to {number(values[1])}"


def verify_html(text: str) -> list[str]:
    """Return what does not hold of a report file; nothing when it is as it was written."""
    place, data = HASH_PLACE.search(text), DATA_PLACE.search(text)
    if place is None or data is None:
        return ["The file is not a CJE Audit report, or its hash was removed."]
    blank = HASH_PLACE.sub(rf"\g<1>{BLANK_HASH}\g<3>", text)
    if _hash_of(blank) != place[2]:
        return ["The file was changed after it was written: its content does not match its hash."]
    Report.model_validate(json.loads(data[1]))
    return []


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _shown(policy: PolicyReport, reveal: Reveal | None) -> Shown:
    weights = policy.weights
    drawing = Markup("")
    if weights is not None and weights.histogram is not None:
        drawing = histogram(weights.histogram, f"Log ratios of {policy.name}")
    return Shown(policy, BADGES[policy.verdict], policy.estimates, drawing, reveal)


def _bar(policy: PolicyReport) -> Bar:
    primary = next((e for e in policy.estimates if e.primary), None)
    if policy.verdict is not Verdict.REPORT or primary is None or primary.interval is None:
        return Bar(policy.name, None, None, None)
    rewards = (primary.reward, "oracle") if primary.reward == "calibrated" else (primary.reward,)
    truth = next((t.value for t in policy.truths if t.reward in rewards), None)
    return Bar(policy.name, primary.value, *primary.interval, truth)


def _without_refused_numbers(report: Report, revealed: Mapping[str, Reveal]) -> Report:
    kept = tuple(
        p.model_copy(update={"estimates": (), "truths": ()}) if p.verdict in NO_NUMBER and p.name not in revealed else p
        for p in report.policies
    )
    return report.model_copy(update={"policies": kept})


def _redacted(report: Report) -> Report:
    """Leave out row ids, findings' evidence, provenance notes and a signer's note, which may quote a row."""
    stages = tuple(s.model_copy(update={"checks": tuple(map(_redacted_check, s.checks))}) for s in report.stages)
    policies = tuple(
        p.model_copy(update={"overrides": tuple(map(_redacted_override, p.overrides))}) for p in report.policies
    )
    failures = tuple(f.model_copy(update={"example_ids": ()}) for f in report.failures)
    quality = tuple(q.model_copy(update={"example_ids": ()}) for q in report.quality)
    provenance = {k: v for k, v in report.run.provenance.items() if k != "notes"}
    run = report.run.model_copy(update={"provenance": provenance})
    signed = report.sign_off.model_copy(update={"note": None})
    return report.model_copy(
        update={
            "stages": stages, "policies": policies, "failures": failures, "quality": quality, "findings": (),
            "run": run, "sign_off": signed,
        }
    )  # fmt: skip


Words = Callable[[list[str]], AbstractSet[str]]


def scrubbed(report: Report, repeats: Words) -> Report:
    """Return a report without any run of characters that the data hold too; `repeats` finds those among words.

    Row ids and quotes are left out by `render`; this catches what a name or a sentence repeats by chance or on purpose.
    """
    shared = _redacted(report)
    document = shared.document()
    runs = repeats(list(_strings(document)))
    return Report.model_validate(_without(document, runs)) if runs else shared


def _strings(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from (*_strings(key), *_strings(value))
    elif isinstance(part, list):
        for value in part:
            yield from _strings(value)


def _without(part: Any, runs: AbstractSet[str]) -> Any:
    if isinstance(part, str):
        return _blanked(part, runs)
    if isinstance(part, dict):
        return {_blanked(key, runs): _without(value, runs) for key, value in part.items()}
    return [_without(value, runs) for value in part] if isinstance(part, list) else part


def _blanked(text: str, runs: AbstractSet[str]) -> str:
    """Return a text with every character that belongs to a run taken out, an ellipsis in the place of each stretch."""
    longest = max(map(len, runs))
    hit = [False] * len(text)
    for i in range(len(text) - longest + 1):
        if text[i : i + longest] in runs:
            hit[i : i + longest] = [True] * longest
    kept = ("\0" if gone else sign for sign, gone in zip(text, hit, strict=True))
    return re.sub("\0+", "[…]", "".join(kept))


def _redacted_check(check: Check) -> Check:
    override = None if check.override is None else _redacted_override(check.override)
    return check.model_copy(update={"example_ids": (), "override": override})


def _redacted_override(override: Override) -> Override:
    return override.model_copy(update={"reason": None})


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
