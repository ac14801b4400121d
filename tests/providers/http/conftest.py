"""One fault server for the whole room, set back to clean for every test."""

from collections.abc import Iterator

import pytest

from tests.faults.running import FaultServer, fault_server

CLEAN = {
    "latency_s": 0.0, "mix": {}, "seed": 1, "retry_after_s": 0.3, "outage": None, "slow_start_s": 0.0, "key": None,
    "rate_per_s": None, "chat": True, "first_clean": 0,
    "dialect": "echo", "offsets": "code_points", "split": "whole", "bos": None, "body_bytes": 0, "template": None,
}  # fmt: skip


@pytest.fixture(scope="session")
def running() -> Iterator[FaultServer]:
    """The process."""
    with fault_server() as server:
        yield server


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    """The process, set back to clean."""
    running.configure(**CLEAN)
    return running
