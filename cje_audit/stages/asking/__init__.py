"""The asking loop: reuse what is finished, ask the rest as fast as each endpoint allows, commit what comes back."""

from cje_audit.stages.asking.asker import Asked, Asker
from cje_audit.stages.asking.loop import FailedFast
from cje_audit.stages.asking.ways import Way

__all__ = ["Asked", "Asker", "FailedFast", "Way"]
