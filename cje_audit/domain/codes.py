"""The closed list of failure codes: every way a row can fail, said in words, with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class FailureCode(StrEnum):
    """One name per way to fail; stored beside a NULL value, never in place of one."""

    SCHEMA = "schema"
    DUPLICATE = "duplicate"
    EMPTY_RESPONSE = "empty_response"
    ENCODING = "encoding"
    UNIT_MISMATCH = "unit_mismatch"
    NO_SCORE = "no_score"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    CONTENT_FILTER = "content_filter"
    CONTEXT_OVERFLOW = "context_overflow"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    CONNECTION = "connection"
    SERVER_ERROR = "server_error"
    BAD_RESPONSE = "bad_response"
    AUTH = "auth"
    QUOTA = "quota"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    ECHO_UNSUPPORTED = "echo_unsupported"
    ECHO_MISMATCH = "echo_mismatch"
    TOKEN_BOUNDARY = "token_boundary"
    POSITIVE_LOGPROB = "positive_logprob"
    NON_FINITE = "non_finite"
    SENTINEL = "sentinel"
    ZERO_ON_TEXT = "zero_on_text"
    MODEL_CHANGED = "model_changed"
    UNPARSEABLE = "unparseable"
    OUT_OF_RANGE = "out_of_range"
    JUDGE_REFUSAL = "judge_refusal"
    GATE_REFUSED = "gate_refused"
    TOO_FEW_ROWS = "too_few_rows"
    WORKER_LOST = "worker_lost"
    CANCELLED = "cancelled"
    BUDGET = "budget"
    DISK = "disk"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What a code means (`sentence`), what a person does about it (`what_to_do`), and whether asking again can help."""

    group: str
    sentence: str
    what_to_do: str
    retryable: bool = False


CODES: dict[FailureCode, CodeFacts] = {
    FailureCode.SCHEMA: CodeFacts(
        "input",
        "The line could not be read as a row of this dataset.",
        "Correct the line in the source file and import again.",
    ),
    FailureCode.DUPLICATE: CodeFacts(
        "input",
        "The same prompt id and draw appears more than once.",
        "Give every row its own prompt id, or a draw number.",
    ),
    FailureCode.EMPTY_RESPONSE: CodeFacts(
        "input",
        "The response is empty or blank.",
        "Check why the logging policy wrote nothing; such rows cannot be scored.",
    ),
    FailureCode.ENCODING: CodeFacts(
        "input", "The text is not valid UTF-8.", "Save the file as UTF-8 and import again."
    ),
    FailureCode.UNIT_MISMATCH: CodeFacts(
        "input",
        "The value is in another unit than its column.",
        "Give log-probabilities as sums over response tokens, in nats.",
    ),
    FailureCode.NO_SCORE: CodeFacts(
        "input", "The row has no value in this column.", "Run the missing step, or import a file that holds the value."
    ),
    FailureCode.REFUSAL: CodeFacts(
        "generate", "The model refused to answer.", "Read the prompt; change it or accept the missing row."
    ),
    FailureCode.TRUNCATED: CodeFacts(
        "generate", "The response was cut at the length limit.", "Raise max_tokens if the end of the response matters."
    ),
    FailureCode.CONTENT_FILTER: CodeFacts(
        "generate",
        "The provider's content filter blocked the text.",
        "Remove the prompt, or use an endpoint without that filter.",
    ),
    FailureCode.CONTEXT_OVERFLOW: CodeFacts(
        "generate",
        "Prompt and response do not fit in the model's context.",
        "Shorten the text, or use a model with a longer context.",
    ),
    FailureCode.TIMEOUT: CodeFacts(
        "transport", "The server did not answer in time.", "Retry; raise timeout_s if it happens on long rows.", True
    ),
    FailureCode.RATE_LIMITED: CodeFacts(
        "transport", "The server asked for fewer requests.", "Retry later, or lower the concurrency.", True
    ),
    FailureCode.CONNECTION: CodeFacts(
        "transport",
        "The connection failed or broke off.",
        "Check that the server runs and is reachable, then retry.",
        True,
    ),
    FailureCode.SERVER_ERROR: CodeFacts(
        "transport", "The server reported an error of its own.", "Retry; if it stays, ask the provider.", True
    ),
    FailureCode.BAD_RESPONSE: CodeFacts(
        "transport",
        "The server's answer was cut, not JSON, or lacked what was asked for.",
        "Retry; if it stays, check the endpoint.",
        True,
    ),
    FailureCode.AUTH: CodeFacts(
        "transport", "The server rejected the key.", "Set the environment variable named in api_key_env."
    ),
    FailureCode.QUOTA: CodeFacts("transport", "The account has no quota left.", "Raise the quota, then resume."),
    FailureCode.NOT_FOUND: CodeFacts(
        "transport", "The server does not know this model or address.", "Check base_url and model."
    ),
    FailureCode.BAD_REQUEST: CodeFacts(
        "transport", "The server refused the request as malformed.", "Read the stored reply; check the settings."
    ),
    FailureCode.ECHO_UNSUPPORTED: CodeFacts(
        "logprob",
        "The server does not give log-probs of the prompt.",
        "Use a provider that can score given text (see the providers page).",
    ),
    FailureCode.ECHO_MISMATCH: CodeFacts(
        "logprob",
        "The server's echoed tokens are not the text that was sent.",
        "Check tokenizer and template of the server with doctor.",
    ),
    FailureCode.TOKEN_BOUNDARY: CodeFacts(
        "logprob",
        "One token spans the end of the prompt and the start of the response.",
        "End the template with a separator such as a line break.",
    ),
    FailureCode.POSITIVE_LOGPROB: CodeFacts(
        "logprob",
        "The log-probability is above 0, which no probability allows.",
        "Check sign and unit of the column, then score the rows again.",
    ),
    FailureCode.NON_FINITE: CodeFacts(
        "logprob",
        "The value is NaN or infinite.",
        "Find out why it was computed so (half precision, a kernel, a division); then score these rows again.",
    ),
    FailureCode.SENTINEL: CodeFacts(
        "logprob",
        "The value is no measurement: a fallback constant, or that of the row before.",
        "Remove the fallback from the scoring code and score these rows again.",
    ),
    FailureCode.ZERO_ON_TEXT: CodeFacts(
        "logprob",
        "A log-probability of 0 on real text: the server ignored the request.",
        "Check with doctor that the endpoint returns prompt log-probs.",
    ),
    FailureCode.MODEL_CHANGED: CodeFacts(
        "logprob",
        "The server changed the model during the run.",
        "Pin the model's revision and score the policy again.",
    ),
    FailureCode.UNPARSEABLE: CodeFacts(
        "judge", "The judge's reply held no readable score.", "Retry; make the judge prompt stricter if it stays.", True
    ),
    FailureCode.OUT_OF_RANGE: CodeFacts(
        "judge",
        "The judge's score lies outside the declared scale.",
        "Check the scale in the configuration against the judge prompt.",
    ),
    FailureCode.JUDGE_REFUSAL: CodeFacts(
        "judge",
        "The judge refused to score the response.",
        "Read the reply; use another judge prompt if it is frequent.",
    ),
    FailureCode.GATE_REFUSED: CodeFacts(
        "estimate", "The data did not pass the checks for this estimate.", "Read the failing check."
    ),
    FailureCode.TOO_FEW_ROWS: CodeFacts("estimate", "There are too few rows for this estimate.", "Add rows or labels."),
    FailureCode.WORKER_LOST: CodeFacts(
        "system", "The worker process ended before the answer was stored.", "Resume the run."
    ),
    FailureCode.CANCELLED: CodeFacts("system", "The run was cancelled before this row was asked.", "Resume the run."),
    FailureCode.BUDGET: CodeFacts(
        "system", "The cost cap was reached before this row was asked.", "Raise max_cost, then resume."
    ),
    FailureCode.DISK: CodeFacts("system", "The disk was full or not writable.", "Free some space, then resume."),
    FailureCode.UNKNOWN: CodeFacts(
        "system", "The step failed in a way that has no name yet.", "Read the stored detail and report it."
    ),
}
