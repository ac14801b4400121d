"""The benchmark's clean datasets and its ways to damage them: `benchmarks/` is no package, so it is found by path."""

import sys
from pathlib import Path

BENCHMARKS = str(Path(__file__).resolve().parents[1] / "benchmarks")
if BENCHMARKS not in sys.path:
    sys.path.append(BENCHMARKS)  # last, so that benchmarks/import.py and the like shadow nothing

from damage.catalogue import CATALOGUE  # noqa: E402 (found once the folder is on the path)
from damage.holdout import HOLDOUT  # noqa: E402 (found once the folder is on the path)
from damage.kinds import Corruption  # noqa: E402 (found once the folder is on the path)
from damage.raw import Audit, Raw, facts_of  # noqa: E402 (found once the folder is on the path)
from damage.sources import arena, sample_experiment, synthetic  # noqa: E402 (found once the folder is on the path)

__all__ = ["CATALOGUE", "HOLDOUT", "Audit", "Corruption", "Raw", "arena", "facts_of", "sample_experiment", "synthetic"]
