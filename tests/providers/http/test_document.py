"""What is JSON, what is nearly JSON, and what is not."""

import pytest

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.document import encode, read_document
from cje_audit.providers.http.fault import Fault


@pytest.mark.parametrize(
    "body", [b"", b"  \n", b"{", b"<html>", b"[1]", b'"text"', b"\xff\xfe", b'{"a": 1}}', b"[" * 100_000]
)
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(Fault) as fault:
        read_document(body)
    assert fault.value.code is FailureCode.BAD_RESPONSE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (b'{"error": {"code": 429}}', "rate_limited"),
        (b'{"error": "no"}', "bad_response"),
        (b'{"error": {"code": 400, "message": "maximum context length"}}', "context_overflow"),
    ],
)
def test_an_error_in_the_dress_of_a_success(error: bytes, code: str) -> None:
    with pytest.raises(Fault) as fault:
        read_document(error)
    assert str(fault.value.code) == code


def test_a_lone_surrogate_in_an_answer_is_read_and_in_a_request_refused() -> None:
    assert read_document(b'{"a": "\\ud83d"}') == {"a": "\ud83d"}
    with pytest.raises(Fault) as fault:
        encode({"a": "\ud83d"})
    assert fault.value.code is FailureCode.ENCODING
