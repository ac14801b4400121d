"""Whether the echo is what was sent: every token, every count, a null first value, and log-probs as they must be."""

from cje_audit.domain.checks import Check
from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.results import LogProbResult
from cje_audit.stages.doctor.build import failed, passed
from cje_audit.stages.doctor.late import late, unanswered

ECHO_WORDS = {
    FailureCode.BAD_RESPONSE: "the server ignored the request for log-probs of given text",
    FailureCode.ECHO_UNSUPPORTED: "the server does not give log-probs of given text",
}
SERVED = "Serve the model with vLLM or SGLang, or use another provider for this policy (docs/providers.md)."
VALUES = (
    FailureCode.POSITIVE_LOGPROB, FailureCode.NON_FINITE, FailureCode.SENTINEL, FailureCode.ZERO_ON_TEXT
)  # fmt: skip  # the echo is right, but its numbers are no log-probabilities


def echo(policy: str, whole: LogProbResult) -> Check:
    """Judge the first answer of all; without it no other probe of the policy can be judged."""
    if whole.is_ok or whole.code in VALUES:
        n = len(whole.tokens)
        told = f"all {n} tokens of a known response came back as they were sent" if n else "the tokens came back"
        return passed("echo", policy, f"The echo is honoured: {told}, and the first token of all has no value.")
    if why := late([whole]):
        return unanswered("echo", policy, why)
    code = whole.code or FailureCode.UNKNOWN
    said = ECHO_WORDS.get(code, CODES[code].sentence.rstrip(".").lower())
    detail = f" ({whole.detail})" if whole.detail else ""
    what = SERVED if code in ECHO_WORDS or code is FailureCode.ECHO_MISMATCH else CODES[code].what_to_do
    return failed("echo", policy, f"No log-probs from {policy}: {said}{detail}.", what)


def sign(policy: str, whole: LogProbResult) -> Check:
    """Judge whether the values can be log-probabilities at all."""
    if whole.is_ok:
        return passed(
            "sign", policy, f"Every value is a finite number of at most 0; the sum is {whole.unwrap():.3f} nats."
        )
    code = whole.code or FailureCode.UNKNOWN
    return failed("sign", policy, f"{CODES[code].sentence} ({whole.detail})", CODES[code].what_to_do)
