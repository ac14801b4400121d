"""lm-evaluation-harness, `--log_samples`: one line per document and filter."""

import re
from pathlib import Path

from cje_audit.domain.codes import FailureCode
from cje_audit.formats.chunks import Chunk, Chunks, Problem, Record
from cje_audit.formats.jsonl import read_jsonl
from cje_audit.formats.logs.document import Object, a_list, a_number, a_text, an_object, joined_messages, parse
from cje_audit.formats.logs.reading import LogReading

TITLE = "an lm-evaluation-harness sample log"
_NAME = re.compile(r"samples_(.+)_\d{4}-\d{2}-\d{2}T[\d.:-]+")
_CHOICES = (
    "These are log-likelihoods of given choices: nobody sampled a response. The response here is the likeliest choice, "
    "and its log-likelihood is not a log-probability of a logging policy."
)


def looks_like_lm_eval(head: bytes) -> bool:
    """Say whether a text begins as a sample log does."""
    return head.startswith(b'{"doc_id"') and b'"arguments"' in head


def task_of(name: str) -> str | None:
    """Return the task that a sample log's file name tells.

    Examples
    --------
    >>> task_of("samples_gsm8k_2026-01-02T03-04-05.678.jsonl"), task_of("mine.jsonl")
    ('gsm8k', None)
    """
    found = _NAME.fullmatch(name.removesuffix(".jsonl"))
    return None if found is None else found[1]


def read_lm_eval(path: Path, rows: int, reading: LogReading) -> Chunks:
    """Yield the documents of a sample log as records; of a task with several filters, the lines of the first."""
    wanted = reading.mapped_to("judge_score", "metrics.")
    task, first = task_of(path.name), None
    for read in read_jsonl(path, rows):
        made = Chunk(problems=read.problems, notes=read.notes, weight=read.weight)
        for line, sample in zip(read.lines, read.records, strict=True):
            first = first or a_text(sample.get("filter"))
            if sample.get("filter") != first:
                made.notes.append(f"Lines of the filter {sample.get('filter')!s} were passed over; read is {first}.")
                continue
            for record in _records(line, sample, task, wanted, made.notes):
                made.add(line, record)
        yield made


def _records(
    line: int, sample: Object, task: str | None, wanted: str | None, notes: list[str]
) -> list[Record | Problem]:
    asked = [list(an_object(a).values()) for a in an_object(sample, "arguments").values()]
    replies = [a_list(r) for r in a_list(sample.get("resps"))]
    if not asked or not asked[0] or len(replies) != len(asked):
        return [_problem(line, "holds no request with its reply")]
    number = sample.get("doc_id")
    common: Record = {
        "prompt_id": f"{task}-{number}" if task and number is not None else number,
        "prompt": joined_messages(_prompt(asked[0][0])),
        "doc": sample.get("doc"),
        "target": sample.get("target"),
    } | _metrics(sample, wanted, notes)
    if isinstance(asked[0][-1], dict):
        return _generated(line, common, replies[0], notes)
    if len(asked[0]) < 2:
        return [_problem(line, "holds the likelihood of a whole text, so there is no prompt with its response")]
    notes.append(_CHOICES)
    return [common | {"response": _likeliest(asked, replies)}]


def _prompt(value: object) -> object:
    """Return a request's prompt: chat messages come as their JSON in a list."""
    inner = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(inner, str) and inner.startswith('[{"role"'):
        return parse(inner.encode()) or inner
    return inner


def _generated(line: int, common: Record, texts: list[object], notes: list[str]) -> list[Record | Problem]:
    if len(texts) < 2:
        return [common | {"response": text} for text in texts] or [_problem(line, "has no reply")]
    notes.append("Where a document has several replies, its metric is about all of them, so none has a judge score.")
    about_all = {"judge_score": None}
    return [common | {"response": text, "draw": draw} | about_all for draw, text in enumerate(texts)]


def _metrics(sample: Object, wanted: str | None, notes: list[str]) -> Record:
    values: Record = {str(name): a_number(sample.get(str(name))) for name in a_list(sample.get("metrics"))}
    chosen = wanted if wanted in values else next(iter(values), None)
    if chosen is not None and len(values) > 1:
        others = ", ".join(f"metrics.{name}" for name in values if name != chosen)
        notes.append(f"judge_score is the metric {chosen}; the log also has {others}.")
    score = {} if chosen is None else {"judge_score": values[chosen]}
    return score | {f"metrics.{name}": value for name, value in values.items()}


def _likeliest(asked: list[list[object]], replies: list[list[object]]) -> object:
    """Return the continuation with the highest log-likelihood; None where one cannot be told."""
    values = [_log_likelihood(reply) for reply in replies]
    if any(value is None for value in values):
        return None
    return asked[values.index(max(v for v in values if v is not None))][1]


def _log_likelihood(reply: list[object]) -> float | None:
    first = reply[0] if reply else None
    value = first[0] if isinstance(first, list) and first else None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _problem(line: int, what: str) -> Problem:
    return Problem(line, FailureCode.SCHEMA, f"Line {line} {what}.", "")
