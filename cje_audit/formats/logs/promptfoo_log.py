"""promptfoo's results, as one JSON document or one line per result."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import InputError
from cje_audit.formats.chunks import Chunk, Chunks, Problem, Record
from cje_audit.formats.jsonl import read_jsonl
from cje_audit.formats.limits import CHUNK_ROWS
from cje_audit.formats.logs.document import Object, a_list, a_number, a_text, an_object, read_document
from cje_audit.formats.logs.reading import LogReading

TITLE = "a promptfoo result"
_JSON = re.compile(rb'\{\s*"(?:evalId"\s*:\s*[^,]+,\s*"results|results)"\s*:\s*\{\s*"(?:version|timestamp|prompts)"')
_LINE = (b'"gradingResult"', b'"promptIdx"')
_UNGRADED = "Where a grader failed, the judge score is missing, although promptfoo counted it as 0."
_UNASKED = "Results without an assertion have no judge score, although promptfoo gives them 1."


def looks_like_promptfoo(head: bytes) -> bool:
    """Say whether a text begins as a promptfoo result does."""
    return _JSON.match(head) is not None or (head.startswith(b"{") and all(key in head for key in _LINE))


def read_promptfoo(path: Path, rows: int, reading: LogReading) -> Chunks:
    """Yield the results of one policy as records, the n-th result as line n; one that ended in an error is a problem.

    Results of the same test case count as draws of one prompt; each provider and prompt template is a policy.
    """
    wanted = reading.mapped_to("judge_score", "asserts.")
    results = _results(path)
    seen = _Seen(results)
    chunk = Chunk()
    for line, result in results:
        if not isinstance(result, dict):
            chunk.add(line, _not_an_object(line, result))
        elif reading.admits(seen.policy(result)):
            _take(chunk, line, result, seen, wanted)
        if chunk.is_full(rows):
            yield chunk
            chunk = Chunk()
    chunk.notes += reading.told()
    yield chunk


def _results(path: Path) -> Sequence[tuple[int, object]]:
    """Return results with their numbers, by test case: the file has them in the order in which they ended."""
    with path.open("rb") as stream:
        in_lines = _JSON.match(stream.read(1 << 16).lstrip()) is None
    if in_lines:
        return _lines(path)
    results = an_object(read_document(path, TITLE), "results").get("results")
    if not isinstance(results, list):
        raise InputError(f"{path.name} is a promptfoo file without results.", what_to_do="Export the results again.")
    return sorted(enumerate(results, 1), key=lambda pair: _place(pair[1]))


def _lines(path: Path) -> list[tuple[int, object]]:
    found: list[tuple[int, object]] = []
    for chunk in read_jsonl(path, CHUNK_ROWS):
        found += zip(chunk.lines, chunk.records, strict=True)
        found += ((problem.line, problem) for problem in chunk.problems)
    return sorted(found, key=lambda pair: _place(pair[1]))


def _place(result: object) -> int:
    place = result.get("testIdx") if isinstance(result, dict) else None
    return place if isinstance(place, int) else 0


def _not_an_object(line: int, result: object) -> Problem:
    if isinstance(result, Problem):
        return result
    return Problem(line, FailureCode.SCHEMA, f"Result {line} is no JSON object.", "")


class _Seen:
    """The policies of a file, the test cases met so far, and how many results of each policy each has."""

    def __init__(self, results: Iterable[tuple[int, object]]) -> None:
        self._prompts: dict[str, set[object]] = {}
        self._first: dict[bytes, int] = {}
        self._draws: Counter[tuple[bytes, str]] = Counter()
        for _, result in results:
            if isinstance(result, dict):
                self._prompts.setdefault(_provider(result), set()).add(result.get("promptIdx"))

    def policy(self, result: Object) -> str:
        """Return what the policy of a result is called: its provider, with the prompt's number if it had several."""
        provider, place = _provider(result), result.get("promptIdx")
        if len(self._prompts[provider]) > 1 and isinstance(place, int):
            return f"{provider} prompt {place + 1}"
        return provider

    def place(self, result: Object) -> tuple[str, int]:
        """Return the prompt_id and the draw of a result."""
        policy = self.policy(result)
        key = orjson.dumps(result.get("vars"), option=orjson.OPT_SORT_KEYS)
        first = self._first.setdefault(key, _place(result))
        draw = self._draws[key, policy]
        self._draws[key, policy] += 1
        return f"test-{first}", draw


def _provider(result: Object) -> str:
    provider = an_object(result, "provider")
    return a_text(provider.get("label")) or a_text(provider.get("id")) or "unnamed"


def _take(chunk: Chunk, line: int, result: Object, seen: _Seen, wanted: str | None) -> None:
    prompt_id, draw = seen.place(result)
    response = an_object(result, "response")
    output = response.get("output")
    if output is None:
        error = a_text(result.get("error")) or a_text(response.get("error"))
        why = f": it ended in the error {error[:200]}." if error else "."
        chunk.add(line, Problem(line, FailureCode.SCHEMA, f"Result {line} ({prompt_id}) has no response{why}", ""))
        return
    judged, notes = _judged(an_object(result, "gradingResult"), result, wanted)
    chunk.notes += notes
    chunk.add(line, _record(result, response, output) | judged | {"prompt_id": prompt_id, "draw": draw})


def _record(result: Object, response: Object, output: object) -> Record:
    return {
        "prompt": an_object(result, "prompt").get("raw"),
        "response": output if isinstance(output, str) else orjson.dumps(output).decode(),
        "finish_reason": a_text(response.get("finishReason")),
        "n_tokens": an_object(response, "tokenUsage").get("completion") or None,
        "vars": an_object(result, "vars"),
    }


def _judged(grading: Object, result: Object, wanted: str | None) -> tuple[Record, list[str]]:
    """Return the fields of the judge; a grader that failed and a test without assertions give no score."""
    parts = {_kind(p, i): p for i, p in enumerate(a_list(grading.get("componentResults"))) if isinstance(p, dict)}
    if not parts:
        return {}, [_UNASKED]
    asserts: Record = {f"asserts.{k}": None if _failed(p) else a_number(p.get("score")) for k, p in parts.items()}
    about = [parts[wanted]] if wanted in parts else list(parts.values())
    failed = next((p for p in about if _failed(p)), None)
    if failed is not None:
        return asserts | {"judge_code": FailureCode.UNPARSEABLE.value, "judge_text": failed.get("reason")}, [_UNGRADED]
    whole = about[0] if wanted in parts else {"score": result.get("score"), "reason": grading.get("reason")}
    return asserts | {"judge_score": a_number(whole.get("score")), "judge_text": a_text(whole.get("reason"))}, []


def _kind(part: Object, place: int) -> str:
    kind = an_object(part, "assertion")
    return a_text(kind.get("metric")) or a_text(kind.get("type")) or str(place)


def _failed(part: Object) -> bool:
    said = a_text(part.get("reason")) or ""
    return an_object(part, "metadata").get("graderError") is True or said.startswith("Could not extract JSON")
