"""POLICY_logprobs.jsonl: one policy's log-probs of the rows of another file."""

from pathlib import Path

from cje_audit.formats.chunks import Chunk, Chunks, Record
from cje_audit.formats.jsonl import read_jsonl
from cje_audit.formats.logs.reading import LogReading

TITLE = "a policy's log-probabilities"
ENDING = "_logprobs"
LOGGING_NAMES = ("base", "logging", "logging_policy")
_VALUES = ("logprob", "log_prob", "total_logprob", "sum_logprob", "logprob_sum")
_PER_TOKEN = ("token_logprobs", "tokens_logprobs")


def looks_like_logprobs(path: Path, head: bytes) -> bool:
    """Say whether a file is one policy's log-probs, by its name and the fields of its first line."""
    first = head.partition(b"\n")[0]
    named = any(f'"{name}"'.encode() in first for name in (*_VALUES, *_PER_TOKEN))
    return policy_of(path.name) is not None and head.startswith(b"{") and named


def policy_of(name: str) -> str | None:
    """Return the policy that a file is called after.

    Examples
    --------
    >>> policy_of("clone_logprobs.jsonl"), policy_of("rows.jsonl"), policy_of("_logprobs.jsonl")
    ('clone', None, None)
    """
    stem = name.rpartition(".")[0]
    return stem.removesuffix(ENDING) or None if stem.endswith(ENDING) else None


def read_logprobs(path: Path, rows: int, reading: LogReading) -> Chunks:
    """Yield the lines as records whose log-prob is that of the policy the file is called after."""
    del reading
    policy = policy_of(path.name) or "policy"
    for chunk in read_jsonl(path, rows):
        records = [_record(record, policy) for record in chunk.records]
        yield Chunk(records, chunk.lines, chunk.problems, chunk.notes, weight=chunk.weight)


def _record(raw: Record, policy: str) -> Record:
    value = next((raw[name] for name in _VALUES if name in raw), None)
    tokens = next((raw[name] for name in _PER_TOKEN if isinstance(raw.get(name), list)), None)
    kept = {k: v for k, v in raw.items() if k not in (*_VALUES, *_PER_TOKEN)}
    if policy in LOGGING_NAMES:
        return kept | {"logging_logprob": value} | ({} if tokens is None else {"logging_token_logprobs": tokens})
    per_token = {} if tokens is None else {"target_token_logprobs": {policy: tokens}}
    return kept | {"target_logprobs": {policy: value}} | per_token
