"""What stops one request or spoils one answer, as a code from the closed list; it never leaves this room."""

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Exchange


class Fault(Exception):
    """One request failed: why, in a code and in words; `after_s` is the server's own floor before another try."""

    def __init__(
        self, code: FailureCode, detail: str, *, exchange: Exchange | None = None, after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.exchange = exchange
        self.after_s = after_s


class NoPromptLogprobs(Fault):
    """The answer came, but without log-probabilities of the text that was sent."""

    def __init__(self, detail: str) -> None:
        super().__init__(FailureCode.BAD_RESPONSE, f"the server returned no log-probs of the text sent: {detail}")
