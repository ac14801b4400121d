"""Stop-gap."""
from typing import Any


def dry_run(paths: Any, options: Any) -> Any:
    """Not yet."""
    raise NotImplementedError
