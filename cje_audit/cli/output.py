"""What the command line prints: JSON documents on stdout, plain words, and progress on stderr."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cje_audit.domain import spoken
from cje_audit.domain.checks import Check, CheckStatus, Verdict
from cje_audit.domain.errors import ConfigError, InputError
from cje_audit.domain.pilot import PilotReport
from cje_audit.domain.quality import QualityFigure
from cje_audit.domain.repair import Repair
from cje_audit.domain.report import Estimate, PolicyReport, Report
from cje_audit.domain.untrusted import visible
from cje_audit.domain.views import Reveal, RunRow

STDERR = Console(stderr=True, highlight=False)
STDOUT = Console(highlight=False, soft_wrap=True)

VERDICT_WORDS = {
    Verdict.REPORT: "report",
    Verdict.RANK_ONLY: "order only",
    Verdict.REFUSE: "no number",
    Verdict.NOT_EVALUATED: "not evaluated",
}


def print_json(document: object) -> None:
    """Print one JSON document and nothing else."""
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def say(text: str) -> None:
    """Print a plain line; text from files or models is never read as markup, and steers no terminal."""
    STDOUT.print(escape(visible(text)))


def write_text(path: Path, text: str) -> None:
    """Write a text file, or say plainly why not."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be written: {error.strerror}.", what_to_do="Choose another place."
        ) from error


def read_config(config: Path) -> str:
    """Return the text of an experiment file, or say plainly why not."""
    try:
        return config.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The experiment file {config} cannot be read.",
            expected="a UTF-8 text file",
            got=str(config),
            what_to_do="Check the path.",
        ) from error


def print_runs(rows: Iterable[RunRow]) -> None:
    """Print the list of runs as a table."""
    table = Table("Run", "Name", "Status", "Created", "Owner", "What it says", box=None)
    for row in rows:
        said = row.sentence or row.error or ""
        words = (row.name, row.status, row.created_at, row.owner or "unknown", said)
        table.add_row(row.id, *(escape(visible(word)) for word in words))
    STDOUT.print(table)


def print_pilot(found: PilotReport | None) -> None:
    """Print what a pilot says, if the run is one."""
    if found is not None:
        say(f"\n{found.sentence}")


def print_report(report: Report, revealed: Mapping[str, Reveal]) -> None:
    """Print a report in words: the summary, who signed it, each policy, and every check that speaks."""
    for told in (*spoken.of_run(report), report.sign_off.sentence):
        say(told)
    for policy in report.policies:
        say(f"\n{policy.name} [{VERDICT_WORDS[policy.verdict]}]")
        for told in spoken.of_policy(policy):
            say(f"  {told}")
        _print_estimates(policy, revealed.get(policy.name))
    say("\nThe numbers together:")
    for told in spoken.of_numbers(report):
        say(f"  {told}")
    for repair in report.repairs:
        print_repair(report, repair)
    speaking = [c for c in report.checks() if c.status in (CheckStatus.WARN, CheckStatus.FAIL)]
    if speaking:
        say("\nChecks that speak:")
    print_checks(speaking)


def print_repair(report: Report, repair: Repair) -> None:
    """Print one repair: what it did, who was asked, and every estimate before and after that may be shown."""
    say("\nBefore and after:")
    for told in spoken.of_repair(report, repair):
        say(f"  {told}")


def print_checks(checks: Iterable[Check]) -> None:
    """Print checks, one sentence each, and what to do."""
    for check in checks:
        about = f" ({check.policy})" if check.policy else ""
        say(f"  {check.status} {check.id}{about}: {check.sentence}")
        if check.override:
            say(f"      {check.override.sentence}")
        if check.what_to_do:
            say(f"      {check.what_to_do}")


def print_quality(figures: Iterable[QualityFigure]) -> None:
    """Print figures of quality, one sentence each."""
    for figure in figures:
        about = f" ({figure.policy})" if figure.policy else ""
        say(f"  {figure.status or 'shown'} {figure.name}{about}: {figure.sentence}")


def _print_estimates(policy: PolicyReport, shown: Reveal | None) -> None:
    """Print estimates of a policy whose level may stand, or whose refused numbers somebody let be shown."""
    if shown is not None:
        say(f"  {shown.sentence}")
    elif policy.verdict is not Verdict.REPORT:
        return
    for estimate in policy.estimates:
        if estimate.value is not None:
            say("  " + estimate_line(estimate, policy.n_total))


def estimate_line(estimate: Estimate, n_total: int) -> str:
    """Return one estimate with its interval and denominators.

    Examples
    --------
    >>> e = Estimate(estimator="snips", reward="judge", value=0.5, standard_error=0.1, interval=(0.3, 0.7),
    ...     interval_method="t", n_used=90, missing_bounds=(0.4, 0.6), primary=True)
    >>> estimate_line(e, 100)
    'snips of judge: 0.5000 [0.3000, 0.7000], 90 of 100 rows, with failed rows at worst and best 0.4000 to 0.6000'
    """
    interval = (
        "no interval" if estimate.interval is None else f"[{estimate.interval[0]:.4f}, {estimate.interval[1]:.4f}]"
    )
    what = f"{estimate.estimator} of {estimate.reward}: {estimate.value:.4f}"
    line = f"{what} {interval}, {estimate.used(n_total)}"
    if estimate.missing_bounds is not None:
        low, high = estimate.missing_bounds
        line += f", with failed rows at worst and best {low:.4f} to {high:.4f}"
    return line
