"""The preflight of an experiment: one probe a file, `examine` runs them all."""

from cje_audit.stages.doctor.examine import blocks, examine

__all__ = ["blocks", "examine"]
