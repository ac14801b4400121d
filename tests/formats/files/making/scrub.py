"""Take the paths of the machine that made a log out of its tracebacks; run with Inspect's own Python."""

import re
import sys
import zipfile
from pathlib import Path

import inspect_ai._util.zipfile  # noqa: F401  (teaches zipfile the compression of .eval)

PATHS = re.compile(rb"/[\w./+-]*/(?:site-packages|lib/python3\.\d+|making)/|/tmp/[\w./+-]*/")


def scrub(path: Path) -> None:
    """Rewrite a log without the paths."""
    if path.suffix != ".eval":
        path.write_bytes(PATHS.sub(b"", path.read_bytes()))
        return
    with zipfile.ZipFile(path) as old:
        members = [(info.filename, PATHS.sub(b"", old.read(info))) for info in old.infolist()]
    with zipfile.ZipFile(path, "w", compression=zipfile.ZIP_ZSTANDARD) as new:
        for name, data in members:
            new.writestr(name, data)


for given in sys.argv[1:]:
    scrub(Path(given))
