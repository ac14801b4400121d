import time
from pathlib import Path

from cje_audit.stages.asking.facts import EVERY_S, Reporter
from tests.stages.asking.helpers import bench


def test_progress_and_facts_are_written_while_and_at_the_end(tmp_path: Path) -> None:
    with bench(tmp_path) as place:
        reporter = Reporter(place.context.progress, lambda: {"in_flight": 3})
        reporter.ended(done=5, failed=1)
        time.sleep(2.5 * EVERY_S)
        assert (place.workspace.asking(place.context.run) or {})["in_flight"] == 3
        reporter.ended(done=2, failed=0)
        reporter.close()
        progress = place.workspace.progress(place.context.run)["target_policy"]
        assert (progress.n_done, progress.n_failed) == (7, 1)
