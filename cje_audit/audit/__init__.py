"""The front door: everything a page, a command or another program may ask of the engine."""

from cje_audit.audit.door import Audit
from cje_audit.formats.options import FORMATS, ImportOptions

__all__ = ["FORMATS", "Audit", "ImportOptions"]
