"""Which tool's log a file is, and how each is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cje_audit.formats.chunks import Chunks
from cje_audit.formats.logs import inspect_log, lm_eval_log, logprob_file, promptfoo_log
from cje_audit.formats.logs.reading import LogReading

Reader = Callable[[Path, int, LogReading], Chunks]


@dataclass(frozen=True)
class LogKind:
    """A kind of log: what people call it, and its reader."""

    title: str
    read: Reader


KINDS: dict[str, LogKind] = {
    "inspect": LogKind(inspect_log.TITLE, inspect_log.read_inspect),
    "lm_eval": LogKind(lm_eval_log.TITLE, lm_eval_log.read_lm_eval),
    "promptfoo": LogKind(promptfoo_log.TITLE, promptfoo_log.read_promptfoo),
    "logprobs": LogKind(logprob_file.TITLE, logprob_file.read_logprobs),
}


def kind_of(path: Path, text: bytes) -> str | None:
    """Return the kind of log that a file is, None for a dataset; `text` is how it begins."""
    if text.startswith(b"PK"):
        return "inspect" if inspect_log.is_inspect_archive(path) else None
    if not text.startswith(b"{"):
        return None
    looks = {
        "inspect": inspect_log.looks_like_inspect(text),
        "lm_eval": lm_eval_log.looks_like_lm_eval(text),
        "promptfoo": promptfoo_log.looks_like_promptfoo(text),
        "logprobs": logprob_file.looks_like_logprobs(path, text),
    }
    return next((kind for kind, it_does in looks.items() if it_does), None)


def count_records(path: Path, kind: str) -> int | None:
    """Return how many records a log holds, None where only reading it whole would tell."""
    return inspect_log.count_samples(path) if kind == "inspect" else None
