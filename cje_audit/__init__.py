"""CJE Audit: whether an experiment on language-model policies can be trusted, and no number when it can't."""

from typing import TYPE_CHECKING, Any

from cje_audit.version import __version__

if TYPE_CHECKING:
    from cje_audit.bridge import BatchResult, LogprobMatrix, MultiTargetSampler, SampleResult, log_prob
    from cje_audit.domain.policy import Policy
    from cje_audit.domain.results import LogProbResult
    from cje_audit.providers.scoring import compute_log_prob

__all__ = [
    "BatchResult", "LogProbResult", "LogprobMatrix", "MultiTargetSampler", "Policy", "SampleResult", "__version__",
    "compute_log_prob", "log_prob",
]  # fmt: skip
PLACES = {
    **dict.fromkeys(("BatchResult", "LogprobMatrix", "MultiTargetSampler", "SampleResult", "log_prob"), "bridge"),
    "LogProbResult": "domain.results",
    "Policy": "domain.policy",
    "compute_log_prob": "providers.scoring",
}


def __getattr__(name: str) -> Any:
    """Import what is public here when it is first used, so that `import cje_audit` stays light."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{PLACES[name]}"), name)
