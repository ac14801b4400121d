"""Whether there is room for the answers."""

import shutil
from pathlib import Path

from cje_audit.domain.checks import Check
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.build import failed, passed, warned


def disk(folder: Path) -> Check:
    """Judge the free space where the workspace lies."""
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB are free where the workspace lies"
    if free < limits.DISK_FAIL:
        return failed(
            "disk", None, f"Only {told}.", "Free some space, or name another --workspace.", free, limits.DISK_FAIL
        )
    if free < limits.DISK_WARN:
        what = "Free some space: answers with their raw requests take up to about 50 kB each."
        return warned("disk", None, f"{told[:1].upper()}{told[1:]}.", what, free, limits.DISK_WARN)
    return passed("disk", None, f"{told}.", free, limits.DISK_WARN)
