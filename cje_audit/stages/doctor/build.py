"""How a probe's outcome is made."""

from cje_audit.domain.checks import Check, CheckStatus


def passed(
    probe: str, policy: str | None, sentence: str, value: float | None = None, limit: float | None = None
) -> Check:
    """Say that a probe found nothing wrong."""
    return _check(probe, policy, CheckStatus.PASS, sentence, None, value, limit)


def warned(
    probe: str, policy: str | None, sentence: str, what_to_do: str, value: float | None = None,
    limit: float | None = None,
) -> Check:  # fmt: skip
    """Say that something is unlikely to be right; a launch goes on."""
    return _check(probe, policy, CheckStatus.WARN, sentence, what_to_do, value, limit)


def failed(
    probe: str, policy: str | None, sentence: str, what_to_do: str, value: float | None = None,
    limit: float | None = None,
) -> Check:  # fmt: skip
    """Say that something cannot be right; it blocks a launch."""
    return _check(probe, policy, CheckStatus.FAIL, sentence, what_to_do, value, limit)


def unknown(probe: str, policy: str | None, why: str, what_to_do: str | None = None) -> Check:
    """Say why a probe has no answer."""
    return _check(probe, policy, CheckStatus.NOT_EVALUATED, f"Not evaluated: {why}.", what_to_do, None, None)


def _check(
    probe: str, policy: str | None, status: CheckStatus, sentence: str, what_to_do: str | None, value: float | None,
    limit: float | None,
) -> Check:  # fmt: skip
    return Check(
        id=f"doctor.{probe}", policy=policy, status=status, value=value, threshold=limit, sentence=sentence,
        what_to_do=what_to_do,
    )  # fmt: skip
