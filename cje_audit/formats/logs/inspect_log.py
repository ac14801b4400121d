"""Inspect's logs: `.eval`, an archive with one JSON document per sample, and its plain JSON form."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunk, Chunks, Problem, Record
from cje_audit.formats.logs.archive import members, names_in, read_members
from cje_audit.formats.logs.document import (
    Object,
    a_list,
    a_number,
    a_text,
    an_object,
    joined_messages,
    parse,
    read_document,
)
from cje_audit.formats.logs.reading import LogReading
from cje_audit.formats.logs.tokens import of_generation

TITLE = "an Inspect log"
SAMPLES = "samples/"
_JSON = re.compile(rb'\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:\s*"\w+"\s*,\s*"eval"\s*:')
_WORDS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_STOPS = {"max_tokens": "length", "model_length": "length"}
_NO_GRADE = "Grade not found in model output"
_UNGRADED = "Where the grader's reply held no grade, the judge score is missing, whatever value the log gives it."


def is_inspect_archive(path: Path) -> bool:
    """Say whether an archive is an Inspect log, by what its members are called; raise if one is not safe to read."""
    names = names_in(path)
    is_one = bool(names & {"header.json", "_journal/start.json"}) and any(n.startswith(SAMPLES) for n in names)
    return is_one and bool(members(path))


def looks_like_inspect(head: bytes) -> bool:
    """Say whether a text begins as an Inspect log in JSON does."""
    return _JSON.match(head) is not None


def count_samples(path: Path) -> int | None:
    """Return how many samples an `.eval` log holds; None for the JSON form."""
    if not _is_archive(path):
        return None
    return sum(info.filename.startswith(SAMPLES) for info in members(path))


def read_inspect(path: Path, rows: int, reading: LogReading) -> Chunks:
    """Yield the samples of a log as records, the n-th sample as line n; one without a response is a problem.

    The judge score is the one that the mapping names as `scores.NAME`, else that of the first scorer.
    """
    header, samples = _open(path)
    wanted = reading.mapped_to("judge_score", "scores.")
    policy = a_text(an_object(header, "eval").get("model"))
    chunk = Chunk()
    for line, (sample, size) in enumerate(samples, 1):
        chunk.weight += size
        if reading.admits(policy):
            _take(chunk, line, sample, wanted)
        if chunk.is_full(rows):
            yield chunk
            chunk = Chunk()
    chunk.notes += reading.told()
    yield chunk


def _is_archive(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"


def _open(path: Path) -> tuple[Object, Iterable[tuple[object, int]]]:
    """Return what is true of the whole log, and its samples with their sizes."""
    if not _is_archive(path):
        document = read_document(path, TITLE)
        if not isinstance(document.get("samples"), list):
            raise InputError(
                f"{path.name} is an Inspect log without samples.",
                expected="a log with its samples",
                what_to_do="Run Inspect without --no-log-samples.",
            )
        return document, ((sample, 0) for sample in document["samples"])
    every = members(path)
    heads = [info for info in every if info.filename in ("header.json", "_journal/start.json")]
    header: Object = {}
    for _, data in read_members(path, sorted(heads, key=lambda info: info.filename)):
        header |= an_object(parse(data or b""))
    return header, _samples(path, [info for info in every if info.filename.startswith(SAMPLES)])


def _samples(path: Path, wanted: Iterable[Any]) -> Iterator[tuple[object, int]]:
    for _, data in read_members(path, wanted):
        yield (None, 0) if data is None else (parse(data), len(data))


def _take(chunk: Chunk, line: int, sample: object, wanted: str | None) -> None:
    if not isinstance(sample, dict):
        reason = f"Sample {line} cannot be read: it is damaged, or is no JSON object."
        chunk.add(line, Problem(line, FailureCode.SCHEMA, reason, ""))
        return
    record, notes = _record(sample, wanted)
    chunk.notes += notes
    if record.get("response") is None:
        chunk.add(line, Problem(line, FailureCode.SCHEMA, _no_response(line, sample), str(record["prompt"])[:200]))
    else:
        chunk.add(line, record)


def _no_response(line: int, sample: Object) -> str:
    message = a_text(an_object(sample, "error").get("message"))
    name = f"Sample {line} (id {sample.get('id')!s}, epoch {sample.get('epoch')!s})"
    return f"{name} has no response: it ended in the error {message[:200]}." if message else f"{name} has no response."


def _record(sample: Object, wanted: str | None) -> tuple[Record, list[str]]:
    output = an_object(sample, "output")
    choice = next((c for c in a_list(output.get("choices")) if isinstance(c, dict)), {})
    response = a_text(output.get("completion")) if choice else None
    scores = {name: score for name, score in an_object(sample, "scores").items() if isinstance(score, dict)}
    kept = [t for t in a_list(an_object(choice, "logprobs").get("content")) if isinstance(t, dict)]
    tokens, note = of_generation(response or "", [t.get("token") for t in kept], [t.get("logprob") for t in kept])
    judged, notes = _judged(scores, wanted)
    stop = a_text(choice.get("stop_reason"))
    epoch = sample.get("epoch")
    record: Record = {
        "prompt_id": sample.get("id"),
        "draw": epoch - 1 if isinstance(epoch, int) else None,
        "prompt": joined_messages(sample.get("input")),
        "response": response,
        "finish_reason": _STOPS.get(stop or "", stop),
        "n_tokens": _n_tokens(an_object(output, "usage")),
        "metadata": an_object(sample, "metadata"),
        **judged,
        **{
            f"scores.{name}": None if _ungraded(score) else as_score(score.get("value"))
            for name, score in scores.items()
        },
        **tokens,
    }
    if "target" in sample:
        record["target"] = sample["target"]
    return record, [*notes, *([note] if note else [])]


def _n_tokens(usage: Object) -> object:
    """Return the tokens of the response; where some of them were reasoning, their number is not known."""
    return None if usage.get("reasoning_tokens") else usage.get("output_tokens")


def _judged(scores: Mapping[str, Object], wanted: str | None) -> tuple[Record, list[str]]:
    """Return the fields of the judge, and what is worth saying about where they come from."""
    name = wanted if wanted in scores else next(iter(scores), None)
    if name is None:
        return {}, []
    score = scores[name]
    told = [f"judge_score is the score of {name}; {_others(scores, name)}."] if len(scores) > 1 else []
    explanation = a_text(score.get("explanation"))
    if _ungraded(score):
        return {"judge_code": FailureCode.UNPARSEABLE.value, "judge_text": explanation}, [*told, _UNGRADED]
    value = as_score(score.get("value"))
    return {"judge_score": value, "judge_text": explanation}, told


def _ungraded(score: Object) -> bool:
    said = a_text(score.get("explanation")) or ""
    return score.get("reason") == "grader_failed" or said.startswith(_NO_GRADE)


def _others(scores: Mapping[str, Object], name: str) -> str:
    others = ", ".join(f"scores.{other}" for other in scores if other != name)
    return f"the log also has {others}, for --map scores.NAME=judge_score or =oracle_label"


def as_score(value: object) -> float | None:
    """Return a score as Inspect itself reads it; None for a list or an object.

    Examples
    --------
    >>> as_score("C"), as_score("I"), as_score(0.25), as_score("0.5"), as_score({"a": 1}), as_score("?")
    (1.0, 0.0, 0.25, 0.5, None, None)
    """
    if not isinstance(value, str):
        return a_number(value)
    known = _WORDS.get(value, _WORDS.get(value.lower()))
    if known is not None:
        return known
    try:
        return float(value)
    except ValueError:
        return None
