"""Stop-gap."""
from types import SimpleNamespace
from typing import Any


def load_fresh_draws(folder: Any, options: Any, probes: Any = None) -> Any:
    """Not yet."""
    return SimpleNamespace(frames={}, notes=())
