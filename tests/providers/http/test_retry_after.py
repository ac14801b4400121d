"""Every way a server says how long to wait, to the millisecond."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cje_audit.providers.http.retry_after import retry_after_s

NOW = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.2"}, 0.2),
        ({"retry-after": "1500ms"}, 1.5),
        ({"retry-after": "2s"}, 2.0),
        ({"retry-after-ms": "130000"}, 130.0),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_numbers(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, NOW) == seconds


def dated(seconds: float) -> str:
    return format_datetime(NOW.replace(microsecond=0) + timedelta(seconds=seconds), usegmt=True)


def test_a_date_counts_from_now() -> None:
    assert retry_after_s({"retry-after": dated(10)}, NOW) == 9.75


def test_a_date_that_has_passed_asks_for_no_wait() -> None:
    assert retry_after_s({"retry-after": dated(-10)}, NOW) == 0.0


def test_a_server_whose_clock_differs_is_taken_at_its_own_time() -> None:
    assert retry_after_s({"retry-after": dated(3610), "date": dated(3600)}, NOW) == 10.0
