"""`python -m cje_audit` is the command line; the worker takes a shorter way in."""

import sys
from pathlib import Path


def main() -> int:
    """Run the worker when asked for one, else the command line."""
    if sys.argv[1:2] == ["worker"] and sys.argv[3:4] == ["--workspace"]:
        from cje_audit.worker import work

        return work(Path(sys.argv[4]), sys.argv[2])
    from cje_audit.cli.main import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
