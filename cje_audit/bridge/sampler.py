"""The older `MultiTargetSampler`: given responses under several policies, as matrix, weights or samples."""

import math
import time
from collections.abc import Mapping, Sequence

from cje_audit.bridge.asking import Job, MakeProvider, ask_all
from cje_audit.bridge.results import BatchResult, LogprobMatrix, SampleResult
from cje_audit.domain.errors import ConfigError
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.registry import make_provider

Key = tuple[tuple[str, bool], str, str]  # who (identity, and whether it is a clone), context, response
LARGEST_LOG = math.log(1.7e308)


class MultiTargetSampler:
    """Scores given responses under K policies; what was answered once is kept and not asked again.

    Parameters
    ----------
    policies
        A list of policies, or policies by name; each name may be there once.
    base_policy_name
        The policy that wrote the responses, for the weights; default: the first.
    max_workers, max_attempts, timeout_s
        Requests in flight, attempts per answer, and seconds per attempt.
    make
        How a policy's provider is made.

    Raises
    ------
    ConfigError
        When there is no policy, a name is there twice, or the base policy is not among them.

    Examples
    --------
    >>> a = Policy(name="a", provider="scripted", model="m")
    >>> sampler = MultiTargetSampler([a, a.model_copy(update={"name": "b", "system_prompt": "Be brief."})])
    >>> matrix = sampler.logp_matrix(["2 + 2 ="], ["4"])
    >>> matrix.shape, matrix.mask.any()
    ((1, 2), np.False_)
    """

    def __init__(
        self,
        policies: Sequence[Policy] | Mapping[str, Policy],
        base_policy_name: str | None = None,
        *,
        max_workers: int = 10,
        max_attempts: int = 3,
        timeout_s: float = 120.0,
        make: MakeProvider = make_provider,
    ) -> None:
        self.policies = _by_name(policies)
        self.policy_names = list(self.policies)
        self.base_policy_name = self.policy_names[0] if base_policy_name is None else base_policy_name
        if self.base_policy_name not in self.policies:
            known = ", ".join(self.policy_names)
            raise ConfigError(
                f"There is no policy {self.base_policy_name}; there are {known}.", expected=known, got=base_policy_name
            )
        self._how = {"at_once": max_workers, "attempts": max_attempts}
        self._timeout_s, self._make = timeout_s, make
        self._known: dict[Key, LogProbResult] = {}

    @property
    def K(self) -> int:  # the older interface's name
        """How many policies there are."""
        return len(self.policies)

    def logp_matrix(self, contexts: Sequence[str], responses: Sequence[str]) -> LogprobMatrix:
        """Return log π_k(response | context) in nats, float64 (n, K), columns in the order of `policy_names`.

        Raises
        ------
        ConfigError
            When there are not as many responses as contexts.
        """
        if len(contexts) != len(responses):
            raise ConfigError(
                f"There are {len(contexts)} contexts, but {len(responses)} responses.",
                expected=str(len(contexts)),
                got=str(len(responses)),
            )
        return LogprobMatrix.of(self._rows(list(zip(contexts, responses, strict=True))), self.K)

    def compute_log_probs(self, context: str, response: str) -> dict[str, LogProbResult]:
        """Return one response's result under every policy."""
        (row,) = self._rows([(context, response)])
        return dict(zip(self.policy_names, row, strict=True))

    def compute_importance_weights(self, results: Mapping[str, LogProbResult]) -> dict[str, float | None]:
        """Return exp(log π_k − log π_base) by policy, never clipped.

        None where either result is invalid, or where float64 cannot hold the weight.
        """
        base = results.get(self.base_policy_name)
        return {name: _weight(result, base) for name, result in results.items()}

    def process_sample(self, sample_id: str, context: str, response: str) -> SampleResult:
        """Score one response under every policy; see `process_batch`."""
        return self.process_batch([(sample_id, context, response)]).results[0]

    def process_batch(self, samples: Sequence[tuple[str, str, str]]) -> BatchResult:
        """Score samples of (id, context, response) under every policy; a failure is a result, never an exception."""
        start = time.perf_counter()
        rows = self._rows([(context, response) for _, context, response in samples])
        done = tuple(self._sample(*sample, row) for sample, row in zip(samples, rows, strict=True))
        return BatchResult(done, time.perf_counter() - start)

    def _sample(self, sample_id: str, context: str, response: str, row: Sequence[LogProbResult]) -> SampleResult:
        results = dict(zip(self.policy_names, row, strict=True))
        return SampleResult(sample_id, context, response, results, self.compute_importance_weights(results))

    def _rows(self, texts: Sequence[tuple[str, str]]) -> list[list[LogProbResult]]:
        """Return one row of K results per text. One identity shares its answers, but a clone is asked for its own."""
        who = [(policy.identity_hash(), policy.role == "clone") for policy in self.policies.values()]
        by_identity = dict(zip(who, self.policies.values(), strict=True))
        wanted = dict.fromkeys((w, context, response) for context, response in texts for w in who)
        missing = [key for key in wanted if key not in self._known]
        jobs: list[Job] = [(by_identity[w], context, response) for w, context, response in missing]
        found = ask_all(jobs, **self._how, timeout_s=self._timeout_s, make=self._make) if jobs else []
        answers = self._known | dict(zip(missing, found, strict=True))
        self._known |= {key: result for key, result in answers.items() if result.is_ok}
        return [[answers[w, context, response] for w in who] for context, response in texts]


def _by_name(policies: Sequence[Policy] | Mapping[str, Policy]) -> dict[str, Policy]:
    pairs = list(policies.items()) if isinstance(policies, Mapping) else [(p.name, p) for p in policies]
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not pairs or twice:
        raise ConfigError(f"The name {twice[0]} is there twice." if twice else "There is no policy to score with.")
    return dict(pairs)


def _weight(result: LogProbResult, base: LogProbResult | None) -> float | None:
    if base is None or base.value is None or result.value is None:
        return None
    log_ratio = result.value - base.value
    return math.exp(log_ratio) if log_ratio <= LARGEST_LOG else None
