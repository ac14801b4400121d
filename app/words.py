# ruff: noqa: E501  (a vocabulary reads best with one entry on one line)
"""The dashboard's vocabulary: one plain sentence per term, one badge per status, one title per name."""

from dataclasses import dataclass
from typing import Literal

from cje_audit.domain.checks import CheckStatus, Verdict
from cje_audit.domain.row_search import Where
from cje_audit.domain.titles import ESTIMATORS as ESTIMATORS
from cje_audit.domain.titles import FIGURES, OUTCOMES, STATUSES, VERDICTS
from cje_audit.domain.titles import PROBES as PROBES
from cje_audit.domain.titles import QUESTIONS as QUESTIONS
from cje_audit.domain.titles import REWARDS as REWARDS
from cje_audit.domain.titles import ROLES as ROLES
from cje_audit.domain.titles import STAGES as STAGES
from cje_audit.domain.titles import TITLES as TITLES
from cje_audit.domain.titles import check_title as check_title
from cje_audit.domain.titles import stage_purpose as stage_purpose
from cje_audit.domain.titles import stage_title as stage_title

GLOSSARY: dict[str, str] = {
    "policy": "A model together with its settings: template, system prompt, temperature, and so on.",
    "logging policy": "The policy that wrote the responses in the data.",
    "target policy": "A policy we ask about. It wrote none of these responses; we ask how good it would have been.",
    "clone": "The logging policy scored a second time. All its weights should be 1; how far they stray is the noise floor.",
    "noise floor": "How much weights move when nothing changed at all. Differences below it mean nothing.",
    "log-probability": "How likely a policy finds a response: the sum over its tokens of natural logarithms, at most 0.",
    "teacher forcing": "Asking a policy how likely a given response is, token by token, without letting it write.",
    "log ratio": "Target log-probability minus logging log-probability, in nats. 0 means both find the response equally likely.",
    "nat": "The unit of natural logarithms. One nat is a factor of 2.72 in probability.",
    "weight": "How many times more likely the target policy finds a response than the logging policy did.",
    "overlap": "How far the logged responses resemble what the target policy would write.",
    "effective sample size": "How many equally weighted rows would carry as much information as these weighted rows; ESS for short.",
    "ESS fraction": "The effective sample size divided by the number of rows. Near 1 is good, near 0 means few rows decide.",
    "mean weight": "The average weight. In theory it is exactly 1; far from 1 means too little overlap, or log-probabilities of other rows.",
    "Pareto k̂": "How heavy the tail of the weights is. Above 0.7 a few rows can decide everything.",
    "share of the heaviest row": "The part of all weight that sits on one single row.",
    "judge score": "The judge's mark for a response, on a declared scale.",
    "oracle label": "A trusted mark for a response, from a person or a program that checks the answer.",
    "reward": "What is being averaged: the judge score, the judge score calibrated to oracle labels, or the oracle label.",
    "policy value": "The average reward a policy would earn if it had answered every prompt.",
    "estimate": "Our best statement of a policy value from the logged rows; never shown without its interval and its rows.",
    "standard error": "The typical distance between the estimate and the policy value that comes from having few rows.",
    "interval": "A range that holds the policy value in 95 of 100 such experiments.",
    "bounds for missing rows": "Where the estimate would lie if all missing rows were worst cases, or all best cases.",
    "rows used": "Rows with both log-probabilities and a score, out of all rows of the run.",
    "truth": "A policy's value known from elsewhere: here from responses it wrote itself, marked by the oracle.",
    "combined standard error": "The uncertainty of estimate and truth taken together. Agreement means at most three of them apart.",
    "fresh draws": "New responses written by the target policy itself, and marked.",
    "IPS": "Inverse propensity scoring: the mean of weight times reward.",
    "SNIPS": "Self-normalised IPS: the weighted mean of the reward, divided by the sum of the weights.",
    "Student t interval": "The estimate plus and minus a multiple of its standard error. It holds where no row carries much of the weight.",
    "Cressie–Read interval": "All values that some reweighting of the rows makes plausible. It may be longer on one side, and holds where few rows carry the weight.",
    "SHA-256": "The fingerprint of a file: 64 digits and letters that change when a single byte of it changes.",
    "check": "One question asked of the data, with a status, a measured value and what to do about it.",
    "quarantined line": "A line of the file that could not be read as a row, kept aside with its line number and reason.",
    "worker": "The separate process that runs the stages. It goes on when this page or the dashboard is closed.",
    "heartbeat": "The worker's sign of life, written every second.",
    "possibly paid twice": "Questions that were in flight when the worker was lost. They are asked again and may be billed twice.",
    "finding": "Something wrong that a person should decide on. Every check that fails or warns opens one; people and review models add more.",
    "reveal": "A named person lets a refused number be shown, for a written reason. The verdict stays; an earlier sign-off becomes void.",
    "sign-off": "A named person approves or rejects exactly this report. Any later change of the report makes it void.",
    "audit trail": "The list of what people decided. Entries are added, never changed and never removed.",
    "redacted": "Without row ids and without anything that quotes a row, so that a report can leave the house.",
    "share link": "Opens the redacted report of one run for some days, without an account. It can be withdrawn, and every opening is in the audit trail.",
    "role": "What an account may do. A viewer reads, a runner also starts and stops runs and writes notes, an approver also decides and shares, an admin also keeps the accounts.",
    "in flight": "Requests that have left and whose answers have not come yet.",
    "retry-after": "How long a server asks to be left alone. No request leaves before that time is over.",
    "spend": "What the run's attempts cost so far at the prices of the experiment file; a dash where a model has no price.",
    "difference": "The policy value of one policy minus that of another, on the prompts they share.",
    "adjusted p-value": "How surprising a difference would be if there were none, made larger because many pairs are looked at. Holm guards against a single false claim, Benjamini–Hochberg against too large a share of them.",
    "chance of being best": "How often the policy would come first if the experiment's noise were drawn again. Only policies that may show a number take part.",
    "decision rule": "What would make a policy ship, fixed before the run. A policy whose data cannot carry a number never ships.",
    "control token": "A mark such as [INST] with which a chat template fences turns. It belongs to the policy, never to the text.",
    "role marker": "The name of a speaker, such as User: or Assistant:, inside a text that should hold only one turn.",
    "runaway response": "A response that goes on past its end: it invents the other side's next turn, or repeats itself.",
    "truncated response": "A response that was cut at the length limit instead of ending by itself.",
    "repetition": "The share of a response's four-word sequences that stood in it before. 0 is no repetition.",
    "log-prob margin": "Target minus logging log-probability, divided by the length of the response: how far two policies differ per token.",
    "regular expression": "A pattern of text: `\\d+` is a number, `^Sure` a text that begins with Sure, `a|b` one or the other.",
    "reused answer": "An answer stored by an earlier run or before an interruption; the model was not asked again.",
}  # fmt: skip


def owner(name: str | None) -> str:
    """Return whose a run is, in words.

    Examples
    --------
    >>> owner("ada"), owner(None)
    ('ada', 'an unknown person')
    """
    return "an unknown person" if name is None else name


Color = Literal["red", "orange", "green", "blue", "gray"]


@dataclass(frozen=True)
class Badge:
    """A badge: its words (never colour alone), Streamlit colour and icon, and what it means in plain language."""

    label: str
    color: Color
    icon: str
    meaning: str


STATUS: dict[str, Badge] = {
    CheckStatus.PASS: Badge(STATUSES["pass"], "green", ":material/check_circle:", "Nothing wrong was found."),
    CheckStatus.WARN: Badge(STATUSES["warn"], "orange", ":material/warning:", "Worth reading; the numbers still stand."),
    CheckStatus.FAIL: Badge(STATUSES["fail"], "red", ":material/cancel:", "The data cannot carry a number until this is solved."),
    CheckStatus.NOT_EVALUATED: Badge(STATUSES["not_evaluated"], "gray", ":material/help:", "Could not be checked; this is not a pass."),
}  # fmt: skip

PREFLIGHT: dict[bool, Badge] = {
    True: Badge("Ready to launch", "green", ":material/check_circle:", "Nothing was found that cannot be right."),
    False: Badge("Launch blocked", "red", ":material/block:", "A probe fails: what it found cannot be right."),
}  # fmt: skip
UNPROVED = Badge("Not all of it proved", "orange", ":material/hourglass_disabled:", "Probes had no answer in time. A launch is possible; the report says so.")  # fmt: skip

VERDICT: dict[str, Badge] = {
    Verdict.REPORT: Badge(VERDICTS["report"], "green", ":material/check_circle:", "The number may be quoted, with its interval and bounds."),
    Verdict.RANK_ONLY: Badge(VERDICTS["rank_only"], "orange", ":material/swap_vert:", "The order may stand; the level of the number may not."),
    Verdict.REFUSE: Badge(VERDICTS["refuse"], "red", ":material/block:", "These rows cannot carry a number for this policy. That is a finding, not an error."),
    Verdict.NOT_EVALUATED: Badge(VERDICTS["not_evaluated"], "gray", ":material/help:", "Nothing was computed for this policy."),
}  # fmt: skip

RUN: dict[str, Badge] = {
    "queued": Badge("Queued", "gray", ":material/schedule:", "The run has not started yet."),
    "running": Badge("Running", "blue", ":material/autorenew:", "The worker is at it."),
    "complete": Badge("Complete", "green", ":material/check_circle:", "All stages have ended."),
    "partial": Badge("Partial", "orange", ":material/pause_circle:", "Some rows are still open; the run can be resumed."),
    "failed": Badge("Failed", "red", ":material/cancel:", "The run stopped on an error."),
    "cancelled": Badge("Cancelled", "gray", ":material/stop_circle:", "A person stopped the run; it can be resumed."),
}  # fmt: skip

STAGE_STATE: dict[str, Badge] = {
    "waiting": Badge("Waiting", "gray", ":material/schedule:", "Starts when the stage before it has ended."),
    "running": Badge("Running", "blue", ":material/autorenew:", "Being worked on now."),
    "done": Badge("Done", "green", ":material/check_circle:", "All its rows have ended, well or with a reason."),
    "failed": Badge("Failed", "red", ":material/cancel:", "The stage stopped on an error."),
    "skipped": Badge("Skipped", "gray", ":material/skip_next:", "Not needed for this run."),
}  # fmt: skip

ENDPOINT: dict[str, Badge] = {
    "closed": Badge("Answering", "green", ":material/check_circle:", "Requests leave as planned."),
    "open": Badge("Left alone", "orange", ":material/pause_circle:", "Too many requests failed here; it is left alone for a while, then tried with one request."),
    "probing": Badge("Being tried", "blue", ":material/autorenew:", "One request finds out whether it answers again."),
    "stopped": Badge("Stopped", "red", ":material/cancel:", "It refused in a way that asking again cannot change."),
}  # fmt: skip

OUTCOME: dict[str, Badge] = {
    "ship": Badge(OUTCOMES["ship"], "green", ":material/check_circle:", "The whole interval of the difference lies above the margin."),
    "no_ship": Badge(OUTCOMES["no_ship"], "red", ":material/block:", "The whole interval of the difference lies below the margin."),
    "undecided": Badge(OUTCOMES["undecided"], "orange", ":material/help:", "The interval of the difference includes the margin."),
    "unhealthy": Badge(OUTCOMES["unhealthy"], "red", ":material/cancel:", "The data cannot carry a number, so the rule may not be applied."),
}  # fmt: skip

LOOK_IN: dict[Where, str] = {"both": "Everywhere", "prompt": "Prompts", "response": "Responses"}

ATTEMPT: dict[str, Badge] = {
    "started": Badge("in flight", "blue", ":material/autorenew:", "Asked, and not answered yet."),
    "ok": Badge("answered", "green", ":material/check_circle:", "The answer passed every verification and is stored."),
    "failed": Badge("failed", "orange", ":material/report:", "It ended with a code and no value."),
    "lost": Badge("lost", "gray", ":material/help:", "In flight when the worker died; possibly paid for."),
}  # fmt: skip

RECOVERED: dict[bool, Badge] = {
    True: Badge("Recovered", "green", ":material/check_circle:", "It has an answer since it was asked again."),
    False: Badge("Still failed", "orange", ":material/report:", "It failed again; its cell has no value."),
}  # fmt: skip

PILOT: dict[str, Badge] = {
    "go": Badge("Go", "green", ":material/check_circle:", "Nothing was found wrong; the rest may run."),
    "look": Badge("Look first", "orange", ":material/warning:", "The pilot ran through with warnings that the rest would repeat."),
    "no_go": Badge("No go", "red", ":material/block:", "A check fails that the rest would fail too."),
}  # fmt: skip

SIGN_OFF: dict[str, Badge] = {
    "none": Badge("Not signed", "gray", ":material/draw:", "Nobody has approved or rejected this report yet."),
    "approved": Badge("Approved", "green", ":material/check_circle:", "A named person approved exactly this report."),
    "rejected": Badge("Rejected", "red", ":material/cancel:", "A named person rejected exactly this report."),
    "void": Badge("Sign-off void", "orange", ":material/history:", "The report changed, or a refused number was revealed, after it was signed."),
}  # fmt: skip

DECISION: dict[str, Badge] = {
    "note": Badge("Note", "blue", ":material/sticky_note_2:", "Something a person wants remembered."),
    "reveal": Badge("Reveal", "orange", ":material/visibility:", "A refused number was let be shown; the verdict stays."),
    "sign": Badge("Sign-off", "green", ":material/draw:", "A report was approved or rejected."),
    "share": Badge("Shared", "blue", ":material/link:", "A link was made that opens the redacted report for some days."),
    "revoke": Badge("Link withdrawn", "orange", ":material/link_off:", "A share link was withdrawn; it opens nothing any more."),
    "open": Badge("Link opened", "gray", ":material/drafts:", "Somebody opened the redacted report through a share link."),
    "finding": Badge("Finding", "red", ":material/flag:", "A person or a review model named something that is wrong."),
    "finding_status": Badge("Finding settled", "gray", ":material/task_alt:", "A finding was given another status, by name and for a reason."),
    "override": Badge("Override", "red", ":material/gavel:", "A failing check was set aside, by name and for a reason."),
    "preflight": Badge("Launched anyway", "red", ":material/flight_takeoff:", "The preflight blocked the launch and was set aside, by name and for a reason."),
}  # fmt: skip

SHARE: dict[str, Badge] = {
    "open": Badge("Open", "green", ":material/link:", "The link opens the redacted report."),
    "expired": Badge("Expired", "gray", ":material/timer_off:", "The link's days are over."),
    "revoked": Badge("Withdrawn", "gray", ":material/link_off:", "A person withdrew the link."),
}  # fmt: skip

SIGNED: dict[str, str] = {"approve": "Approve", "reject": "Reject"}
SIGNED_STATE: dict[str, str] = {"approve": "approved", "reject": "rejected"}

SHOWN = Badge("Shown only", "gray", ":material/visibility:", "No check judges this figure; look at it yourself.")


@dataclass(frozen=True)
class QualityWords:
    """A figure of quality in words: its title, what it means, and which rows are listed behind it."""

    title: str
    meaning: str
    rows: str


QUALITY: dict[str, QualityWords] = {
    "template_tokens": QualityWords(FIGURES["template_tokens"], "Chat-template control tokens inside prompt or response. One row is enough to warn.", "Rows that hold one"),
    "role_markers": QualityWords(FIGURES["role_markers"], "Speakers named inside a text. From 1 % and five rows on it is no accident.", "Rows that hold one"),
    "runaway": QualityWords(FIGURES["runaway"], "Responses that go on past their end: they invent the next turn, or repeat themselves.", "Rows that do"),
    "truncation": QualityWords(FIGURES["truncation"], "Why responses ended, as the data say.", "Rows that were cut"),
    "repetition": QualityWords(FIGURES["repetition"], "The share of four-word sequences that stood in the response before; 0 is none. At most 5,000 rows, spread evenly, are measured.", "The most repetitive rows"),
    "response_length": QualityWords(FIGURES["response_length"], "In characters. The first and the last bar also hold what lies beyond them.", "The longest responses"),
    "response_tokens": QualityWords(FIGURES["response_tokens"], "In tokens, where the data say how many there are.", "The responses with the most tokens"),
    "prompt_length": QualityWords(FIGURES["prompt_length"], "In characters. The first and the last bar also hold what lies beyond them.", "The longest prompts"),
    "margin": QualityWords(FIGURES["margin"], "Target minus logging log-probability by length. At 0 both policies find a response equally likely; far to the left the target would not write it.", "The rows that lie furthest from 0"),
}  # fmt: skip

SEVERITY: dict[str, Badge] = {
    "critical": Badge("Critical", "red", ":material/block:", "Nothing can be computed because of this."),
    "high": Badge("High", "red", ":material/priority_high:", "No headline number may be printed because of this."),
    "medium": Badge("Medium", "orange", ":material/warning:", "A warning: read the number with this in mind."),
    "low": Badge("Low", "gray", ":material/info:", "Worth knowing."),
}  # fmt: skip

FINDING_STATUS: dict[str, Badge] = {
    "open": Badge("Open", "orange", ":material/radio_button_unchecked:", "Nobody has decided about it yet."),
    "done": Badge("Done", "green", ":material/check_circle:", "It was put right."),
    "deferred": Badge("Deferred", "blue", ":material/schedule:", "It will be dealt with later."),
    "partial": Badge("Partial", "blue", ":material/incomplete_circle:", "Some of it was put right."),
    "accepted": Badge("Accepted", "gray", ":material/handshake:", "It stays as it is, knowingly."),
}  # fmt: skip

SOURCE: dict[str, str] = {
    "check": "opened by a check",
    "reviewer": "proposed by a review model",
    "person": "added by a person",
}

WORKER: dict[str, Badge] = {
    "starting": Badge("Worker starting", "gray", ":material/schedule:", "The worker process is being started."),
    "alive": Badge("Worker alive", "green", ":material/favorite:", "The worker gives signs of life."),
    "slow": Badge("Slow, not stuck", "orange", ":material/hourglass_empty:", "The worker gives signs of life, but no model has answered for a while. The server is slow or asked for a pause; what is in flight is waited for."),
    "stalled": Badge("Worker stalled", "red", ":material/hourglass_disabled:", "The worker process is there but gives no sign of life. If it stays so, press Cancel: that ends it. Every committed answer is kept, and Resume goes on from there."),
    "lost": Badge("Worker lost", "red", ":material/heart_broken:", "The worker process is gone. Every committed answer is kept; press Resume to go on from there."),
    "ended": Badge("Worker ended", "gray", ":material/flag:", "The worker has done its part and ended."),
}  # fmt: skip

READY: dict[bool, Badge] = {
    True: Badge("Ready", "green", ":material/check_circle:", "The file holds what this stage needs."),
    False: Badge("Missing", "orange", ":material/warning:", "The file lacks something that this stage needs."),
}  # fmt: skip

KINDS: dict[str, str] = {"import": "imported", "launch": "launched"}

CELL: dict[str, str] = {"ok": "ok", "failed": "failed"}


@dataclass(frozen=True)
class Stop:
    """One stop of the guided first visit: a run of the demo, a page about it, and what to look at there."""

    run: str
    title: str
    place: str
    look: str
    query: tuple[tuple[str, str], ...] = ()


TOUR = (
    Stop("experiment", "Good: a number that may be quoted", "results", "A policy that changes little. Look at the width of its interval, and whether the known truth lies inside."),
    Stop("experiment", "Thin overlap: a number with a wide interval", "weights", "A policy that writes otherwise more often. Look at how few rows hold half of all weight; the width of its interval comes from that.", (("policy", "two_examples"),)),
    Stop("experiment", "Unhelpful: no number", "weights", "A policy that would hardly write these responses. Look at the share of the heaviest row; on Results its card says why there is no number and what would make it reportable.", (("policy", "unhelpful"),)),
    Stop("uniform_by_bug", "Uniform by bug", "validation", "Every weight is exactly 1, yet the policy is another one. Look at the sentence: it was scored with the logging policy's settings.", (("check", "target_policy.uniform_weights"),)),
    Stop("broken_judge", "Broken judge", "failures", "Some judge replies cannot be read. Look at their code and count: each is missing, and none became a score."),
    Stop("skipped_target_stage", "Skipped stage", "validation", "Teacher forcing never ran. Look at what is not evaluated: without that stage there is nothing to estimate from."),
    Stop("fallback_constants", "Fallback constants", "validation", "A program wrote −100 or −50 where scoring failed. Look at the rows behind the check: they were taken out, not averaged in.", (("check", "target_policy.sentinel_values"),)),
)  # fmt: skip
