"""What is asked and what came back, and how both become rows: compact, hashed, and readable again exactly."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import zstandard

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult, ResultStatus

AnyResult = ResponseResult | LogProbResult | JudgementResult
KINDS: dict[str, type[AnyResult]] = {"generate": ResponseResult, "logprobs": LogProbResult, "judge": JudgementResult}
Row = tuple[object, ...]

ATTEMPT = (
    "attempt(id, run, key, kind, stage, policy, row_id, started_at, ended_at, status, code, detail, raw, "
    "tokens_in, tokens_out, endpoint)"
)
ANSWER = "answer(key, kind, identity, scorer_version, replicate, result, result_hash, created_at)"
BODY = "body(attempt, request, response)"
ENDING = "ending(run, key, kind, stage, policy, row_id, code, detail, raw)"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: its content (`text` as JSON data), who is asked, and for which row of which run it is.

    `key` is the content hash of the answer: identity, text, dialect and scorer version, replicate.
    """

    kind: str
    identity: str
    scorer_version: str
    replicate: int
    text: tuple[object, ...]
    stage: str
    policy: str | None
    row_id: str
    key: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Hash the content once."""
        content = [self.kind, self.identity, self.scorer_version, self.replicate, self.text]
        object.__setattr__(self, "key", hashlib.sha256(orjson.dumps(content)).hexdigest())


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt: its result, the raw bodies to keep, and what it cost in tokens where that is known.

    `started_at` and `ended_at` are seconds since 1970. `ends` says that a failure is final for this run, `endpoint`
    who was asked, by a name without secrets.
    """

    attempt: int
    question: Question
    result: AnyResult
    request: bytes | None = None
    response: bytes | None = None
    run: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    ends: bool = False
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The end of one attempt as rows: of `attempt`, of `answer` for a success, of `ending` for a final failure.

    `request` and `response` are the raw bodies to keep.
    """

    attempt: Row
    answer: Row | None = None
    ending: Row | None = None
    request: bytes | None = None
    response: bytes | None = None

    @property
    def number(self) -> int:
        """The attempt's number."""
        return int(str(self.attempt[0]))


def entry_of(outcome: Outcome) -> Entry:
    """Turn an outcome into rows."""
    ok = outcome.result.is_ok
    return Entry(
        attempt_row(outcome),
        answer_row(outcome) if ok else None,
        ending_row(outcome.run, outcome.question, outcome.result) if outcome.ends and not ok else None,
        outcome.request,
        outcome.response,
    )


def digest(text: str) -> str:
    """Return the SHA-256 of a text as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def encode(result: AnyResult) -> str:
    """Return a successful result as compact JSON text.

    Raises
    ------
    ValueError
        When a number in it is not finite, which JSON could not tell from a missing one.

    Examples
    --------
    >>> encode(LogProbResult.success((-1.0,), ("a",)))
    '{"status":"ok","value":-1.0,"code":null,"detail":null,"tokens":["a"],"token_logprobs":[-1.0],"ends_with_stop":false,"before":null}'
    """
    numbers = getattr(result, "token_logprobs", ())
    if not all(map(math.isfinite, numbers)):
        raise ValueError("A stored log-probability is finite.")
    return orjson.dumps(result).decode()


def decode(kind: str, text: str) -> AnyResult:
    """Read a result back; the types refuse a value without success and the other way round."""
    document = orjson.loads(text)
    document["status"] = ResultStatus(document["status"])
    document["code"] = None if document["code"] is None else FailureCode(document["code"])
    for name in ("tokens", "token_logprobs"):
        if name in document:
            document[name] = tuple(document[name])
    return KINDS[kind](**document)


def failed(kind: str, code: str, detail: str | None, raw: str | None) -> AnyResult:
    """Build a failure of a kind again from its stored code; a judge's raw reply comes with it."""
    if kind == "judge":
        return JudgementResult(status=ResultStatus.FAILED, code=FailureCode(code), detail=detail, raw=raw)
    return KINDS[kind].failure(FailureCode(code), detail)


def attempt_row(outcome: Outcome) -> Row:
    """Return the row of `attempt`."""
    q, r = outcome.question, outcome.result
    code = None if r.code is None else r.code.value
    return (
        outcome.attempt, outcome.run, q.key, q.kind, q.stage, q.policy, q.row_id, outcome.started_at, outcome.ended_at,
        r.status.value, code, r.detail, getattr(r, "raw", None), outcome.tokens_in, outcome.tokens_out,
        outcome.endpoint,
    )  # fmt: skip


def answer_row(outcome: Outcome) -> Row:
    """Return the row of `answer` of a success."""
    q, text = outcome.question, encode(outcome.result)
    return (q.key, q.kind, q.identity, q.scorer_version, q.replicate, text, digest(text), outcome.ended_at)


def ending_row(run: str, question: Question, result: AnyResult) -> Row:
    """Return the row of `ending`: a question that ended in failure in this run."""
    q, code = question, None if result.code is None else result.code.value
    return (run, q.key, q.kind, q.stage, q.policy, q.row_id, code, result.detail, getattr(result, "raw", None))


class Packer:
    """Compresses raw bodies; for one thread."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=1)

    def _body(self, entry: Entry) -> Row | None:
        if entry.request is None and entry.response is None:
            return None
        packed = (None if b is None else self._zstd.compress(b) for b in (entry.request, entry.response))
        return (entry.attempt[0], *packed)

    def statements(self, entries: Sequence[Entry]) -> list[tuple[str, list[object]]]:
        """Return the few statements that store these ends, each with all its values at once."""
        tables = (
            ("insert or ignore", ATTEMPT, [e.attempt for e in entries]),
            ("insert or ignore", ANSWER, [e.answer for e in entries if e.answer is not None]),
            ("insert or replace", ENDING, [e.ending for e in entries if e.ending is not None]),
            ("insert or replace", BODY, [row for e in entries if (row := self._body(e)) is not None]),
        )
        return [insertion(how, table, rows) for how, table, rows in tables if rows]


def insertion(how: str, table: str, rows: Sequence[Row]) -> tuple[str, list[object]]:
    """Return one statement that inserts all rows, and its values.

    Examples
    --------
    >>> insertion("insert", "t(a, b)", [(1, 2), (3, 4)])
    ('insert into t(a, b) values (?,?),(?,?)', [1, 2, 3, 4])
    """
    marks = "(" + ",".join("?" * len(rows[0])) + ")"
    return f"{how} into {table} values {','.join([marks] * len(rows))}", [value for row in rows for value in row]
