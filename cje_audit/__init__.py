"""CJE Audit: whether an experiment on language-model policies can be trusted, and no number when it can't."""

from cje_audit.version import __version__

__all__ = ["__version__"]
