"""The older interface (`log_prob`, `MultiTargetSampler`), kept for code written for it; without fallbacks."""

from cje_audit.bridge.asking import log_prob
from cje_audit.bridge.results import BatchResult, LogprobMatrix, SampleResult
from cje_audit.bridge.sampler import MultiTargetSampler

__all__ = ["BatchResult", "LogprobMatrix", "MultiTargetSampler", "SampleResult", "log_prob"]
