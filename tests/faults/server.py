"""A model server on loopback that goes wrong on purpose. Run it as a process of its own.

    python -m tests.faults.server --port 8899 --latency 0.2 --body-bytes 20000 --mix all:0.2 --seed 1

Everything it says is a function of the text (`truth.py`). Settings can be changed while it runs:
POST /admin/config (fields of `Settings` and `Shape`), POST /admin/reset; GET /admin/summary, /admin/log.
"""

import argparse
import asyncio
import json
import math
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from typing import Any

import orjson

from tests.faults import kinds, truth
from tests.faults.answers import Shape, scoring_answer

Body = dict[str, Any]
REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}
ERRORS = {
    "400": (400, {"error": {"message": "this request is not understood", "type": "invalid_request_error"}}),
    "400_length": (400, {"error": {"message": "This model's maximum context length is 100 tokens.", "code": "context_length_exceeded"}}),
    "400_filter": (400, {"error": {"message": "blocked by the content filter", "code": "content_filter"}}),
    "402": (402, {"error": {"message": "payment required"}}),
    "403": (403, {"error": {"message": "forbidden"}}),
    "404": (404, {"error": {"message": "The model does not exist", "code": "model_not_found"}}),
    "429_quota": (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}),
    "500": (500, {"error": {"message": "internal error"}}),
    "502": (502, "<html>bad gateway</html>"),
    "503": (503, {"error": {"message": "loading model"}}),
    "529": (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "error_200": (200, {"error": {"message": "upstream failed", "code": 502}}),
    "html_200": (200, "<!doctype html><title>Sign in</title>"),
    "malformed_json": (200, '{"choices": [{"text": "a", }'),
    "empty_200": (200, ""),
}  # fmt: skip


@dataclass(slots=True)
class Settings:
    """What the server does.

    `mix`: fault kind -> share of requests. `retry_after_s`: the floor of 429 answers. `outage`: (from, for) in
    seconds after the settings were made; `outage_kind`: a fault kind. `slow_start_s`: 503 until then. `key`: the only
    key accepted. `rate_per_s`: requests allowed. `first_clean`: so many requests pass before faults begin.
    """

    latency_s: float = 0.0
    mix: dict[str, float] = field(default_factory=dict)
    seed: int = 1
    retry_after_s: float = 0.3
    outage: tuple[float, float] | None = None
    outage_kind: str = "503"
    slow_start_s: float = 0.0
    key: str | None = None
    rate_per_s: float | None = None
    chat: bool = True
    log: bool = True
    first_clean: int = 0


class State:
    """Settings, and all that was seen since the last reset."""

    def __init__(self, settings: Settings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.reset()

    def reset(self) -> None:
        self.began = time.monotonic()
        self.log: list[tuple[float, str, int, str | None]] = []
        self.attempts: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.floors: dict[str, float] = {}
        self.slack: list[float] = []
        self.early = self.after_finished = self.in_flight = self.most_in_flight = 0
        self.allowance = self.settings.rate_per_s or 0.0
        self.refilled = self.began

    def configure(self, changes: Body) -> None:
        for target in (self.settings, self.shape):
            for name in {f.name for f in fields(target)} & set(changes):
                setattr(target, name, changes[name])
        if isinstance(self.settings.mix, str):
            self.settings.mix = read_mix(self.settings.mix)
        self.reset()

    def summary(self) -> Body:
        per_key = Counter(self.attempts.values())
        return {
            "requests": sum(self.attempts.values()), "keys": len(self.attempts), "finished": sum(self.finished.values()),
            "finished_keys": len(self.finished), "asked_again_after_finish": self.after_finished, "early": self.early,
            "slack_max_s": max(self.slack, default=None), "waits": len(self.slack), "kinds": dict(self.kinds),
            "attempts_per_key": {str(k): v for k, v in sorted(per_key.items())},
            "in_flight": self.in_flight, "most_in_flight": self.most_in_flight,
        }  # fmt: skip

    def arrive(self, key: str) -> tuple[int, str | None]:
        """Note a request; return its number for this text and the fault it meets."""
        now = time.monotonic()
        self.attempts[key] += 1
        number = self.attempts[key]
        floor = self.floors.pop(key, None)
        if floor is not None:
            self.early += now < floor
            self.slack.append(now - floor)
        self.after_finished += self.finished[key] > 0
        kind = self._fault(key, number, now)
        if kind is not None:
            self.kinds[kind] += 1
        if self.settings.log:
            self.log.append((now - self.began, key, number, kind))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return number, kind

    def _fault(self, key: str, number: int, now: float) -> str | None:
        s, since = self.settings, now - self.began
        if since < s.slow_start_s:
            return "503"
        if s.outage is not None and s.outage[0] <= since < s.outage[0] + s.outage[1]:
            return s.outage_kind
        if s.rate_per_s is not None and not self._allowed(now):
            return "429_s"
        if sum(self.attempts.values()) <= s.first_clean:
            return None
        lasting, passing = _uniform(s.seed, key, "lasting"), _uniform(s.seed, key, number)
        return _pick(s.mix, lasting, kinds.LASTING + kinds.ENDPOINT) or _pick(s.mix, passing, None)

    def _allowed(self, now: float) -> bool:
        rate = self.settings.rate_per_s or 0.0
        self.allowance = min(self.allowance + (now - self.refilled) * rate, max(rate, 1.0))
        self.refilled = now
        if self.allowance < 1:
            return False
        self.allowance -= 1
        return True


def _uniform(*parts: object) -> float:
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def _pick(mix: dict[str, float], chance: float, only: tuple[str, ...] | None) -> str | None:
    lasting = kinds.LASTING + kinds.ENDPOINT
    for kind, part in mix.items():
        if (kind in only) if only else (kind not in lasting):
            if chance < part:
                return kind
            chance -= part
    return None


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection; requests come one after another."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = bytearray()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        self.buffer.clear()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.buffer[:end].decode("latin-1")
        lines = head.split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        size = int(headers.get("content-length", "0"))
        if len(self.buffer) < end + 4 + size:
            return
        content = bytes(self.buffer[end + 4 : end + 4 + size])
        del self.buffer[: end + 4 + size]
        method, path, _ = lines[0].split(" ", 2)
        self.request(method, path.partition("?")[0], headers, content)

    def request(self, method: str, path: str, headers: dict[str, str], content: bytes) -> None:
        if path.startswith("/admin/"):
            self.send(200, self._admin(path, content))
        elif method == "GET":
            self._look_up(path)
        else:
            self._work(path, headers, content)

    def _admin(self, path: str, content: bytes) -> Body:
        if path == "/admin/config":
            self.state.configure(json.loads(content))
        elif path == "/admin/reset":
            self.state.reset()
        elif path == "/admin/log":
            return {"log": self.state.log}
        return self.state.summary()

    def _look_up(self, path: str) -> None:
        if path.endswith("/models"):
            template = {"chat_template": self.state.shape.template, "eos_token": "<end>", "bos_token": ""}
            extra = template if self.state.shape.template is not None else {}
            return self.send(200, {"data": [{"id": "m", **extra}]})
        return self.send(404, {"error": "no such page"})

    def _work(self, path: str, headers: dict[str, str], content: bytes) -> None:
        state = self.state
        key = blake2b(path.encode() + content, digest_size=8).hexdigest()
        number, kind = state.arrive(key)
        wanted = state.settings.key
        given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-api-key", "")
        if wanted is not None and given != wanted:
            kind = "401"
        asyncio.get_running_loop().call_later(
            state.settings.latency_s, self._answer, path, headers, content, key, kind, number
        )

    def _answer(self, path: str, headers: dict[str, str], content: bytes, key: str, kind: str | None, _: int) -> None:
        self.state.in_flight -= 1
        if kind == "hang" or self.transport.is_closing():
            return
        if kind == "reset":
            self.transport.abort()
        elif kind is not None and (kind in ERRORS or kind[:3] in ("429", "503", "302", "401")):
            self._fail(kind, headers, key)
        else:
            self._succeed(path, orjson.loads(content), key, kind)

    def _fail(self, kind: str, headers: dict[str, str], key: str) -> None:
        status, body = ERRORS[kind] if kind in ERRORS else (int(kind[:3]), {"error": {"message": kind}})
        extra: dict[str, str] = {}
        if kind == "401":  # some servers repeat what they were given
            body = {"error": {"message": f"Incorrect key: {headers.get('authorization') or headers.get('x-api-key')}"}}
        if kind == "302":
            extra["location"] = "http://169.254.169.254/latest"
        if kind in ("429_s", "429_ms", "429_date", "503_after"):
            extra |= self._wait(kind, key)
        self.send(status, body, extra)

    def _wait(self, kind: str, key: str) -> dict[str, str]:
        seconds = self.state.settings.retry_after_s
        if kind == "429_date":
            moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=math.ceil(seconds) + 1)
            self.state.floors[key] = time.monotonic() + (moment - datetime.now(UTC)).total_seconds()
            return {"retry-after": format_datetime(moment, usegmt=True)}
        self.state.floors[key] = time.monotonic() + seconds
        return {"retry-after-ms": f"{seconds * 1000:g}"} if kind == "429_ms" else {"retry-after": f"{seconds:g}"}

    def _succeed(self, path: str, document: Body, key: str, kind: str | None) -> None:
        if path.endswith("/chat/completions"):
            status, raw = self._chat(document, kind)
        elif path.endswith("/messages"):
            status, raw = 200, orjson.dumps(message(document, kind))
        elif document.get("echo") or "prompt_logprobs" in document or path == "/generate":
            status, raw = 200, scoring_answer(self.state.shape, document, kind)
        else:
            before = document["prompt"]
            text = (" " if before[-1:].strip() else "") + truth.written(before, document.get("seed"))
            choice = {"text": text, "finish_reason": "stop", "logprobs": own_logprobs(document, text)}
            status, raw = 200, orjson.dumps({"model": document["model"], "choices": [choice]})
        if kind in ("cut_body", "reset_late", "cut_json", "slow_drip"):
            return self._damage(raw, kind)
        if kind is None:
            self.state.finished[key] += 1
        return self.send(status, raw)

    def _chat(self, document: Body, kind: str | None) -> tuple[int, bytes]:
        if not self.state.settings.chat:
            return 404, b'{"detail": "Not Found"}'
        return 200, orjson.dumps(chat(document, kind))

    def _damage(self, raw: bytes, kind: str) -> None:
        if kind == "cut_json":
            return self.send(200, raw[: len(raw) // 2])
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
        if kind == "slow_drip":
            self.transport.write(head.encode())
            return self._drip(raw, 0)
        self.transport.write(head.encode() + raw[: len(raw) // 2])
        if kind == "cut_body":
            return self.transport.close()
        return asyncio.get_running_loop().call_later(0.02, self.transport.abort) and None

    def _drip(self, raw: bytes, at: int) -> None:
        if at < len(raw) and not self.transport.is_closing():
            step = max(len(raw) // 20, 1)
            self.transport.write(raw[at : at + step])
            asyncio.get_running_loop().call_later(0.05, self._drip, raw, at + step)

    def send(self, status: int, body: Body | bytes | str, extra: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in (extra or {}).items())
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}\r\ncontent-type: application/json\r\n{lines}"
        self.transport.write(f"{head}content-length: {len(raw)}\r\n\r\n".encode() + raw)


def own_logprobs(document: Body, text: str) -> Body | None:
    """Return the log-probs of what is written, where asked for: those it is scored with."""
    values = truth.response_values(document["model"], document["prompt"], text)
    if document.get("logprobs") is None or values is None:
        return None
    tokens = [piece.decode() for piece in truth.pieces(document["prompt"] + text)[-len(values) :]]
    return {"tokens": tokens, "token_logprobs": values}


def chat(document: Body, kind: str | None) -> Body:
    """Answer a chat: as a judge where a judgement is asked for, else with words."""
    asked = "\n".join(message["content"] for message in document["messages"])
    choice: Body = {"message": {"role": "assistant", "content": spoken(asked, document, kind)}, "finish_reason": "stop"}
    if document.get("top_logprobs"):
        yes = 0.2 + 0.6 * truth.judge_score(asked)
        top = [{"token": "Yes", "logprob": math.log(yes)}, {"token": "No", "logprob": math.log(0.99 - yes)}]
        choice["logprobs"] = {"content": [{"token": "Yes", "logprob": math.log(yes), "top_logprobs": top}]}
    return {"model": document["model"], "choices": [choice], "usage": {"completion_tokens": 9}}


def message(document: Body, kind: str | None) -> Body:
    """Answer in the form of Anthropic's messages."""
    asked = "\n".join(message["content"] for message in document["messages"])
    content = [{"type": "thinking", "thinking": "Score: 0"}, {"type": "text", "text": spoken(asked, document, kind)}]
    return {"model": document["model"], "content": content, "stop_reason": "end_turn", "usage": {"output_tokens": 9}}


def spoken(asked: str, document: Body, kind: str | None) -> str:
    """Return what is said to a chat; `judge_echo` only repeats the answer it should judge, `judge_quote` does so first."""
    if kind in ("judge_echo", "judge_quote"):
        own = "" if kind == "judge_echo" else f'\n\n{{"score": {truth.judge_score(asked)}}}'
        return f"The answer was: {asked.partition('<answer-')[2].partition('>')[2].rpartition('</answer-')[0]}{own}"
    if 'nothing else: {"better"' in asked:
        return '{"better": "%s"}' % ("A" if truth.share(asked) < 0.5 else "B")
    if "score" not in asked:
        return "Yes" if "Yes or No" in asked else truth.written(asked, document.get("seed"))
    replies = {
        "judge_prose": "A fine answer with 3 good points and 1 weak one.",
        "judge_refusal": "I'm sorry, but I can't rate this.",
        "judge_range": '{"score": 17}',
    }
    return replies.get(str(kind), f'<think>Perhaps 0.1?</think>{{"score": {truth.judge_score(asked)}}}')


def read_mix(text: str) -> dict[str, float]:
    """Read `all:0.2` or `429_s:0.1,reset:0.05`; `all`, `transient`, `lying` and `lasting` are groups."""
    groups = {"all": kinds.MIX, "transient": kinds.TRANSIENT, "lying": kinds.LYING, "lasting": kinds.LASTING}
    mix: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        name, _, share = part.partition(":")
        mix |= kinds.even_mix(float(share), groups.get(name, (name,)))
    unknown = set(mix) - set(kinds.KINDS)
    if unknown:
        raise SystemExit(f"no such fault: {', '.join(sorted(unknown))}; known are {', '.join(kinds.KINDS)}")
    return mix


def read_arguments() -> tuple[int, State]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--body-bytes", type=int, default=0, help="least size of a scoring answer")
    parser.add_argument("--mix", default="", help="shares of faults, such as all:0.2 or 429_s:0.1,hang:0.01")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--retry-after", type=float, default=0.3)
    parser.add_argument("--dialect", default="echo")
    parser.add_argument("--key", default=None)
    given = parser.parse_args()
    settings = Settings(
        latency_s=given.latency,
        mix=read_mix(given.mix),
        seed=given.seed,
        retry_after_s=given.retry_after,
        key=given.key,
    )
    return given.port, State(settings, Shape(dialect=given.dialect, body_bytes=given.body_bytes))


async def main() -> None:
    port, state = read_arguments()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(state), "127.0.0.1", port, backlog=4096)
    sys.stdout.write(json.dumps({"port": server.sockets[0].getsockname()[1]}) + "\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
