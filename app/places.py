"""Where the pages are: file, title, icon and address, the question each answers, and the terms it explains."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Place:
    """A page. `path` is relative to `app/main.py`; `terms` are glossary entries."""

    path: str
    title: str
    icon: str
    url_path: str
    section: str
    question: str
    terms: tuple[str, ...]


START, RUN = "Experiments", "This run"

PLACES: dict[str, Place] = {
    "runs": Place(
        path="../pages/runs.py",
        title="Runs",
        icon=":material/list_alt:",
        url_path="runs",
        section=START,
        question="Which experiments are there, and what was found in each?",
        terms=(
            "policy",
            "logging policy",
            "target policy",
            "check",
            "worker",
        ),
    ),
    "new_run": Place(
        path="../pages/new_run.py",
        title="New run",
        icon=":material/add_circle:",
        url_path="new-run",
        section=START,
        question="Pick an example, change what you need, and launch it. The same text runs on the command line.",
        terms=(
            "policy",
            "logging policy",
            "target policy",
            "clone",
            "judge score",
            "oracle label",
            "fresh draws",
        ),
    ),
    "import": Place(
        path="../pages/import_data.py",
        title="Import",
        icon=":material/upload_file:",
        url_path="import",
        section=START,
        question="Bring responses and log-probabilities. You see what is in them before anything is stored.",
        terms=(
            "logging policy",
            "target policy",
            "clone",
            "log-probability",
            "judge score",
            "fresh draws",
            "quarantined line",
        ),
    ),
    "compare": Place(
        path="../pages/compare.py",
        title="Compare",
        icon=":material/compare_arrows:",
        url_path="compare",
        section=START,
        question="Is a policy of one run better than that of another? Only what may be compared is.",
        terms=("policy value", "difference", "interval", "adjusted p-value", "reward"),
    ),
    "results": Place(
        path="../pages/results.py",
        title="Results",
        icon=":material/verified:",
        url_path="results",
        section=RUN,
        question="What was found, how sure is it, and what comes next?",
        terms=(
            "logging policy",
            "target policy",
            "clone",
            "policy value",
            "reward",
            "estimate",
            "interval",
            "standard error",
            "Student t interval",
            "Cressie–Read interval",
            "Pareto k̂",
            "noise floor",
            "rows used",
            "bounds for missing rows",
            "truth",
            "combined standard error",
            "IPS",
            "SNIPS",
            "judge score",
            "oracle label",
            "fresh draws",
            "effective sample size",
            "ESS fraction",
            "reveal",
            "sign-off",
            "redacted",
            "share link",
            "difference",
            "adjusted p-value",
            "chance of being best",
            "decision rule",
        ),
    ),
    "validation": Place(
        path="../pages/validation.py",
        title="Validation",
        icon=":material/fact_check:",
        url_path="validation",
        section=RUN,
        question="Can these data carry a conclusion? Each check says what it measured, and on which rows.",
        terms=(
            "check",
            "quarantined line",
            "teacher forcing",
            "mean weight",
            "noise floor",
            "nat",
            "effective sample size",
            "Pareto k̂",
            "SHA-256",
        ),
    ),
    "qc": Place(
        path="../pages/qc.py",
        title="Quality",
        icon=":material/biotech:",
        url_path="qc",
        section=RUN,
        question="What do texts and log-probabilities look like? Each flaw with its share, distribution and rows.",
        terms=(
            "control token",
            "role marker",
            "runaway response",
            "truncated response",
            "repetition",
            "log-prob margin",
            "nat",
        ),
    ),
    "weights": Place(
        path="../pages/weights.py",
        title="Weights",
        icon=":material/balance:",
        url_path="weights",
        section=RUN,
        question="Do many rows speak for the policy, or do a few rows decide everything?",
        terms=(
            "log ratio",
            "nat",
            "weight",
            "clone",
            "noise floor",
            "mean weight",
            "effective sample size",
            "ESS fraction",
            "Pareto k̂",
        ),
    ),
    "failures": Place(
        path="../pages/failures.py",
        title="Failures",
        icon=":material/report:",
        url_path="failures",
        section=RUN,
        question="What has no value, why, and what can be done? A failure is never counted as a score.",
        terms=(
            "reused answer",
            "quarantined line",
            "teacher forcing",
            "log-probability",
            "judge score",
        ),
    ),
    "findings": Place(
        path="../pages/findings.py",
        title="Findings",
        icon=":material/flag:",
        url_path="findings",
        section=RUN,
        question="What is wrong with this run, how grave is it, and what was decided about it?",
        terms=("finding", "check", "audit trail", "nat", "effective sample size", "Pareto k̂", "SHA-256"),
    ),
    "trail": Place(
        path="../pages/trail.py",
        title="Audit trail",
        icon=":material/history_edu:",
        url_path="trail",
        section=START,
        question="Who decided what, when, and why? Entries are added, never changed and never removed.",
        terms=("audit trail", "reveal", "sign-off", "share link", "role"),
    ),
    "live": Place(
        path="../pages/live.py",
        title="Live",
        icon=":material/monitoring:",
        url_path="live",
        section=RUN,
        question="How far is this run? Closing this page does not stop it.",
        terms=(
            "worker",
            "heartbeat",
            "reused answer",
            "possibly paid twice",
            "teacher forcing",
            "in flight",
            "retry-after",
            "spend",
        ),
    ),
    "rows": Place(
        path="../pages/rows.py",
        title="Rows",
        icon=":material/search:",
        url_path="rows",
        section=RUN,
        question="Which rows hold these words? Plain text, or a regular expression.",
        terms=("regular expression", "log-probability", "judge score"),
    ),
    "row": Place(
        path="../pages/row.py",
        title="One row",
        icon=":material/article:",
        url_path="row",
        section=RUN,
        question="One prompt, one response, and everything that was measured on it.",
        terms=(
            "log-probability",
            "nat",
            "log ratio",
            "weight",
            "judge score",
            "oracle label",
        ),
    ),
}


def inside(address: str | None) -> str:
    """Return path and query of an address where they lead to a page of this dashboard, else the first page.

    Examples
    --------
    >>> inside("https://audit.example.org/results?run=x"), inside("//evil.example/"), inside("javascript:alert(1)")
    ('/results?run=x', '/', '/')
    """
    parts = urlsplit(address or "")
    path = parts.path.strip("/")
    if path not in {place.url_path for place in PLACES.values()}:
        return "/"
    return f"/{path}?{parts.query}" if parts.query else f"/{path}"
