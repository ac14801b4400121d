"""Results that cannot lie: a value exists only with success, a failure only with a code."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Self, TypeVar

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import UnwrapError

T = TypeVar("T")


class ResultStatus(StrEnum):
    """`ok` has a value and no code; `failed` has a code and no value."""

    OK = "ok"
    FAILED = "failed"


LogProbStatus = ResultStatus
ResponseStatus = ResultStatus
JudgementStatus = ResultStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Generic[T]):
    """One answer, or one typed failure.

    There is no way to get a number out of a failure: `unwrap()` raises, and no `unwrap_or` exists.

    Attributes
    ----------
    status, value, code, detail
        `value` is set exactly when `status` is ok, `code` exactly when it is failed.
        `detail` is what the provider or the file said, for people.
    """

    status: ResultStatus
    value: T | None = None
    code: FailureCode | None = None
    detail: str | None = None

    def __post_init__(self) -> None:
        """Refuse the two impossible states."""
        ok = self.status is ResultStatus.OK
        if ok != (self.value is not None) or ok == (self.code is not None):
            raise ValueError("A result has a value exactly when it is ok, and a code exactly when it failed.")

    @property
    def is_ok(self) -> bool:
        """Whether there is a value."""
        return self.status is ResultStatus.OK

    def unwrap(self) -> T:
        """Return the value, or raise `UnwrapError` with the code.

        Examples
        --------
        >>> LogProbResult.failure(FailureCode.TIMEOUT).unwrap()
        Traceback (most recent call last):
        ...
        cje_audit.domain.errors.UnwrapError: This result failed (timeout) and has no value.
        """
        if self.value is None:
            raise UnwrapError(f"This result failed ({self.code}) and has no value.")
        return self.value

    @classmethod
    def failure(cls, code: FailureCode, detail: str | None = None) -> Self:
        """Build a failure."""
        return cls(status=ResultStatus.FAILED, code=code, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProbResult(Result[float]):
    """The log-probability of a given response: nats, summed over its tokens, at most 0.

    `tokens` and `token_logprobs` (nats, one per response token) are kept with it; their sum is the value.
    `ends_with_stop` says whether the end-of-text token is part of the sum; `before` is the text the response followed.
    """

    tokens: tuple[str, ...] = ()
    token_logprobs: tuple[float, ...] = ()
    ends_with_stop: bool = False
    before: str | None = None

    def __post_init__(self) -> None:
        """Refuse values that are no log-probability; success with NaN or a positive number cannot be built."""
        super(LogProbResult, self).__post_init__()
        if self.value is not None and not (math.isfinite(self.value) and self.value <= 0):
            raise ValueError("A log-probability is finite and at most 0; give a failure with its code instead.")
        if self.token_logprobs and len(self.token_logprobs) != len(self.tokens):
            raise ValueError("There is one log-probability per token.")

    @classmethod
    def success(
        cls,
        token_logprobs: tuple[float, ...],
        tokens: tuple[str, ...],
        *,
        ends_with_stop: bool = False,
    ) -> "LogProbResult":
        """Build a result from per-token values; a positive or non-finite one, or sum, becomes a failure with its code.

        Examples
        --------
        >>> LogProbResult.success((-1.0, -0.5), ("a", "b")).unwrap()
        -1.5
        >>> str(LogProbResult.success((0.25,), ("a",)).code)
        'positive_logprob'
        """
        if not all(math.isfinite(v) for v in token_logprobs):
            return cls.failure(FailureCode.NON_FINITE, "a token's log-probability is not finite")
        if any(v > 0 for v in token_logprobs):
            return cls.failure(FailureCode.POSITIVE_LOGPROB, "a token's log-probability is above 0")
        if not token_logprobs:
            return cls.failure(FailureCode.EMPTY_RESPONSE, "the response has no token")
        try:
            value = math.fsum(token_logprobs)
        except OverflowError:
            return cls.failure(FailureCode.NON_FINITE, "the sum of the tokens' log-probabilities is not finite")
        return cls(
            status=ResultStatus.OK,
            value=value,
            tokens=tokens,
            token_logprobs=token_logprobs,
            ends_with_stop=ends_with_stop,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseResult(Result[str]):
    """A response written by a policy. `finish_reason` is `stop`, `length` or what the provider said."""

    finish_reason: str | None = None
    n_tokens: int | None = None

    @classmethod
    def success(cls, text: str, *, finish_reason: str | None = None, n_tokens: int | None = None) -> "ResponseResult":
        """Build a result from text; blank text becomes a failure with its code."""
        if not text.strip():
            return cls.failure(FailureCode.EMPTY_RESPONSE, "the model wrote no visible text")
        return cls(status=ResultStatus.OK, value=text, finish_reason=finish_reason, n_tokens=n_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementResult(Result[float]):
    """A judge's score on the declared scale, with the judge's own words kept in `raw`."""

    raw: str | None = None

    @classmethod
    def success(cls, score: float, *, scale: tuple[float, float], raw: str | None = None) -> "JudgementResult":
        """Build a result from a score; a score outside `scale`, or not finite, becomes a failure with its code.

        Examples
        --------
        >>> JudgementResult.success(0.5, scale=(0.0, 1.0)).unwrap()
        0.5
        >>> str(JudgementResult.success(7.0, scale=(0.0, 1.0)).code)
        'out_of_range'
        """
        low, high = scale
        if not math.isfinite(score):
            return cls(
                status=ResultStatus.FAILED, code=FailureCode.NON_FINITE, detail="the score is not finite", raw=raw
            )
        if not low <= score <= high:
            detail = f"the score {score:g} lies outside {low:g} to {high:g}"
            return cls(status=ResultStatus.FAILED, code=FailureCode.OUT_OF_RANGE, detail=detail, raw=raw)
        return cls(status=ResultStatus.OK, value=score, raw=raw)
