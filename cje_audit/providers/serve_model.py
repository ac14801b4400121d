"""Serves the embedded model on loopback as an OpenAI-compatible endpoint: text and chat, with echo and log-probs.

`/v1/completions` (with `echo`, `logprobs` and `max_tokens` from 0), `/v1/chat/completions` (with `logprobs` and
`top_logprobs`) and `/v1/models`, which also tells the model's chat template. `text_offset` counts code points; a
token with part of a character has an empty text, and the token that completes the character has all of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import accumulate
from typing import Annotated, Any, Literal

import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ConfigError
from cje_audit.providers.http.address import is_loopback
from cje_audit.providers.smollm.fetch import MODEL_NAME, model_path
from cje_audit.providers.smollm.pool import WorkerPool, require_packages

Body = dict[str, Any]
ABOUT_THE_REQUEST = (
    FailureCode.CONTEXT_OVERFLOW,
    FailureCode.BAD_REQUEST,
    FailureCode.ENCODING,
    FailureCode.ECHO_MISMATCH,
)
WAITING = 1024
NAMES = {FailureCode.CONTEXT_OVERFLOW: "context_length_exceeded"}


class Asked(BaseModel):
    """What both kinds of request share; fields that are not known are ignored, as such servers do."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    model: str = MODEL_NAME
    temperature: float = Field(default=1.0, ge=0, le=100)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: Literal[1] = 1
    stream: Literal[False] = False

    def how(self, max_tokens: int, *, echo: bool = False, top: int | None = None) -> Body:
        """Return the part of the worker's request that says how to write."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        seed = time.time_ns() if self.seed is None else self.seed
        known = {"temperature": self.temperature, "top_p": self.top_p, "seed": seed, "stop": stop}
        return {"max_tokens": max_tokens, "echo": echo, "top": top, **known}


class AskedText(Asked):
    """A request to `/v1/completions`."""

    prompt: Annotated[str, Field(min_length=1)]
    max_tokens: int = Field(default=16, ge=0, le=8192)
    echo: bool = False
    logprobs: int | None = Field(default=None, ge=0, le=20)


class Turn(BaseModel):
    """One turn of a conversation."""

    role: str
    content: str


class AskedChat(Asked):
    """A request to `/v1/chat/completions`."""

    messages: Annotated[list[Turn], Field(min_length=1)]
    max_tokens: int = Field(default=256, ge=1, le=8192)
    logprobs: bool = False
    top_logprobs: int | None = Field(default=None, ge=0, le=20)


class Refused(Exception):
    """The request gets an error in OpenAI's form; `code` is its name there."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ModelServer:
    """The three pages; every reading and writing happens in worker processes."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._model: Body | None = None

    async def completions(self, request: Request) -> Response:
        """Write after a text, and score the text itself where `echo` and `logprobs` ask for it."""
        asked = AskedText.model_validate_json(await request.body())
        how = asked.how(asked.max_tokens, echo=asked.echo and asked.logprobs is not None, top=asked.logprobs)
        reply = await self._ask(asked, {"text": asked.prompt, "how": how})
        written = reply["written"]
        text = asked.prompt + written["text"] if asked.echo else written["text"]
        choice: Body = {"index": 0, "text": text, "finish_reason": written["finish_reason"], "logprobs": None}
        if asked.logprobs is not None:
            choice["logprobs"] = _block(reply)
        return JSONResponse(_answer("text_completion", reply, choice))

    async def chat(self, request: Request) -> Response:
        """Write the next turn of a conversation, rendered with the model's own chat template."""
        asked = AskedChat.model_validate_json(await request.body())
        how = asked.how(asked.max_tokens, top=asked.top_logprobs)
        messages = [turn.model_dump() for turn in asked.messages]
        reply = await self._ask(asked, {"messages": messages, "how": how})
        written = reply["written"]
        message = {"role": "assistant", "content": written["text"]}
        choice: Body = {"index": 0, "message": message, "finish_reason": written["finish_reason"], "logprobs": None}
        if asked.logprobs:
            choice["logprobs"] = {"content": _entries(written)}
        return JSONResponse(_answer("chat.completion", reply, choice))

    async def models(self, _: Request) -> Response:
        """Name the one model, with its chat template."""
        if self._model is None:
            template = await self._reply({"op": "template"})  # known as a whole only, since others may ask meanwhile
            self._model = {"id": MODEL_NAME, "object": "model", "owned_by": "huggingface", **template}
        return JSONResponse({"object": "list", "data": [self._model]})

    async def _ask(self, asked: Asked, request: Body) -> Body:
        if asked.model != MODEL_NAME:
            raise Refused(404, f"The model {asked.model} does not exist here; it is {MODEL_NAME}.", "model_not_found")
        return await self._reply({"op": "complete", **request})

    async def _reply(self, request: Body) -> Body:
        reply = await self._pool.ask(request)
        if "code" in reply:
            code = FailureCode(reply["code"])
            detail = f"{code.value}: {reply['detail']}"
            raise Refused(400 if code in ABOUT_THE_REQUEST else 500, detail, NAMES.get(code) or code.value)
        return reply


def _answer(kind: str, reply: Mapping[str, Any], choice: Body) -> Body:
    written = len(reply["written"]["tokens"])
    usage = {
        "prompt_tokens": reply["n_read"],
        "completion_tokens": written,
        "total_tokens": reply["n_read"] + written,
    }
    head = {"id": f"cmpl-{time.time_ns()}", "object": kind, "created": int(time.time()), "model": MODEL_NAME}
    return {**head, "choices": [choice], "usage": usage}


def _block(reply: Mapping[str, Any]) -> Body:
    """Return the log-probs of text and tail as OpenAI's legacy block; offsets in code points of the answer's text."""
    written = reply["written"]
    tokens = [*reply["tokens"], *written["tokens"]]
    values = [*reply["token_logprobs"], *written["token_logprobs"]]
    top = [None] * len(reply["tokens"]) + [written["top"], *[None] * len(written["tokens"])][: len(written["tokens"])]
    return {"tokens": tokens, "token_logprobs": values, "text_offset": _starts(tokens), "top_logprobs": top}


def _starts(tokens: Sequence[str]) -> list[int]:
    return list(accumulate(map(len, tokens[:-1]), initial=0)) if tokens else []


def _entries(written: Mapping[str, Any]) -> list[Body]:
    pairs = zip(written["tokens"], written["token_logprobs"], strict=True)
    entries: list[Body] = [{"token": token, "logprob": value, "top_logprobs": []} for token, value in pairs]
    if entries:
        entries[0]["top_logprobs"] = [{"token": token, "logprob": value} for token, value in written["top"].items()]
    return entries


def _refused(_: Request, error: Exception) -> Response:
    if isinstance(error, Refused):
        return _error(error.status, str(error), error.code)
    first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
    place = ".".join(map(str, first["loc"])) or "the request"
    return _error(400, f"{place}: {first['msg']}", "invalid_request_error")


def _error(status: int, message: str, code: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": code, "code": code}}, status_code=status)


def model_app(workers: int | None = None) -> Starlette:
    """Return the server's pages as an ASGI application.

    Raises
    ------
    ModelMissing
        When the model was not fetched.
    """
    require_packages()
    pool = WorkerPool(model_path(), workers)
    server = ModelServer(pool)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await pool.aclose()

    routes = [
        Route("/v1/completions", server.completions, methods=["POST"]),
        Route("/v1/chat/completions", server.chat, methods=["POST"]),
        Route("/v1/models", server.models),
    ]
    return Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={Refused: _refused, ValidationError: _refused}
    )


def serve_model(
    port: int = 8802,
    *,
    host: str = "127.0.0.1",
    workers: int | None = None,
    say: Callable[[str], None] | None = None,
) -> None:
    """Serve the embedded model until the process is stopped.

    Parameters
    ----------
    port, host
        Where to listen; the address has to be on loopback. Port 0 takes a free one.
    workers
        Processes that hold the model; default: one per core.
    say
        Gets the base address, once the server answers.

    Raises
    ------
    ConfigError
        When the address is not loopback, or the port is taken.
    ModelMissing
        When the model was not fetched.
    """
    if not is_loopback(host):
        raise ConfigError(
            f"The model is served to this machine only, and {host} is not.", expected="127.0.0.1", got=host
        )
    config = uvicorn.Config(model_app(workers), host=host, port=port, log_level="error", access_log=False)
    asyncio.run(_serve(config, say))


async def _serve(config: uvicorn.Config, say: Callable[[str], None] | None) -> None:
    try:
        listening = config.bind_socket()
    except SystemExit:
        raise ConfigError(f"Port {config.port} is in use.", what_to_do="Give another --port.") from None
    listening.listen(WAITING)  # from here on requests wait instead of failing
    if say is not None:
        say(f"http://{config.host}:{listening.getsockname()[1]}/v1")
    await uvicorn.Server(config).serve(sockets=[listening])
