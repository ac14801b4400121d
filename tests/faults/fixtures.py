"""The fault server as a fixture: one process for all tests of a file, which say themselves how it goes wrong."""

from collections.abc import Iterator

import pytest

from tests.faults.running import FaultServer, fault_server


@pytest.fixture(scope="module")
def running() -> Iterator[FaultServer]:
    with fault_server() as server:
        yield server


@pytest.fixture
def server(running: FaultServer) -> FaultServer:
    """The server without any fault, and with nothing seen."""
    running.configure(mix={})
    return running
