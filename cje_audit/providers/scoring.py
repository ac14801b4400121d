"""One response, one log-probability, from plain Python: never an exception, never a stand-in number."""

import asyncio
import concurrent.futures

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import AuditError, ModelMissing
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.base import Provider
from cje_audit.providers.registry import make_provider

SECONDS = 600.0


def compute_log_prob(
    policy: Policy, prompt: str, response: str, *, ended: bool = False, provider: Provider | None = None
) -> LogProbResult:
    """Teacher-force one response under a policy.

    Parameters
    ----------
    policy
        Who would have written the response.
    prompt, response
        The texts; the response is scored as it stands.
    ended
        Whether the response ended by itself, so that the end token is scored too (where the template has one).
    provider
        Who is asked; default: the policy's own provider, made and closed again. A given one must not be in use
        by another event loop.

    Returns
    -------
    LogProbResult
        Nats, summed over the response's tokens; or a failure with its code. Nothing is ever raised.

    Examples
    --------
    >>> policy = Policy(name="a", provider="scripted", model="m")
    >>> compute_log_prob(policy, "2 + 2 =", "4").is_ok
    True
    >>> str(compute_log_prob(policy.model_copy(update={"provider": "nowhere"}), "2 + 2 =", "4").code)
    'bad_request'
    """
    try:
        with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:  # there may be a loop running in this one
            return thread.submit(_run, policy, prompt, response, ended, provider).result()
    except ModelMissing as error:
        return LogProbResult.failure(FailureCode.NOT_FOUND, error.sentence)
    except AuditError as error:
        return LogProbResult.failure(FailureCode.BAD_REQUEST, error.sentence)
    except TimeoutError:
        return LogProbResult.failure(FailureCode.TIMEOUT, f"no answer within {SECONDS:g} s")
    except Exception as error:  # never raises: what was not foreseen is a failure without a name of its own
        return LogProbResult.failure(FailureCode.UNKNOWN, f"{type(error).__name__}: {error}")


def _run(policy: Policy, prompt: str, response: str, ended: bool, provider: Provider | None) -> LogProbResult:
    return asyncio.run(_ask(policy, prompt, response, ended, provider))


async def _ask(policy: Policy, prompt: str, response: str, ended: bool, provider: Provider | None) -> LogProbResult:
    asked = provider or make_provider(policy)
    try:
        async with asyncio.timeout(SECONDS):
            return (await asked.logprobs(policy, prompt, response, ended=ended)).result
    finally:
        if provider is None:
            await asked.aclose()
