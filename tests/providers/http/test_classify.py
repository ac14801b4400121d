"""Statuses and their bodies, as servers really word them."""

import pytest

from cje_audit.providers.http.classify import classify_status, describe_status

CASES = [
    (400, "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens", "context_overflow"),
    (400, "prompt is too long: 250000 tokens > 200000 maximum", "context_overflow"),
    (413, "", "context_overflow"),
    (422, "Input validation error: inputs tokens + max_new_tokens exceeds the maximum", "context_overflow"),
    (400, "The response was filtered due to the prompt triggering content management policy", "content_filter"),
    (400, "Setting 'echo' and 'logprobs' at the same time is not supported for this model.", "echo_unsupported"),
    (400, "prompt_logprobs is not supported with this backend", "echo_unsupported"),
    (400, "unknown field foo", "bad_request"),
    (400, "The model `x` does not exist.", "not_found"),
    (404, "", "not_found"),
    (401, "", "auth"),
    (403, "", "auth"),
    (402, "", "quota"),
    (429, "You exceeded your current quota, please check your plan and billing details", "quota"),
    (429, "Rate limit reached for requests", "rate_limited"),
    (408, "", "timeout"),
    (504, "", "timeout"),
    (500, "", "server_error"),
    (529, "overloaded", "server_error"),
    (599, "", "server_error"),
    (307, "", "not_found"),
    (418, "", "bad_request"),
]


@pytest.mark.parametrize(("status", "body", "code"), CASES)
def test_status(status: int, body: str, code: str) -> None:
    assert str(classify_status(status, body.encode())) == code


def test_the_description_is_short_and_on_one_line() -> None:
    said = describe_status(500, b"a\nb " * 1000)
    assert said.startswith("HTTP 500: a b a b") and len(said) < 320
