"""The start of a process tells it from another of the same id."""

import calendar
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cje_audit.store.process_start import PROC, from_proc, from_ps, process_start

WAITING = [sys.executable, "-c", "input()"]


def test_two_processes_differ_and_one_stays_the_same() -> None:
    mine = process_start(os.getpid())
    with subprocess.Popen(WAITING, stdin=subprocess.PIPE) as child:
        its = process_start(child.pid)
        assert None not in (mine, its)
        assert its != mine
        assert (process_start(os.getpid()), process_start(child.pid)) == (mine, its)
        child.communicate(b"\n")
    assert process_start(child.pid) is None


def test_ps_says_the_same_in_every_language_and_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    told = from_ps(os.getpid())
    assert told is not None
    age_s = time.time() - calendar.timegm(time.strptime(told, "%a %b %d %H:%M:%S %Y"))
    assert -2 <= age_s < 4 * 3600  # in local time it would lie five and a half hours ahead
    assert from_ps(2**22 + 1) is None


@pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="no /proc on this system")
def test_a_name_with_brackets_and_another_boot_are_told_apart(tmp_path: Path) -> None:
    stat = (PROC / f"{os.getpid()}" / "stat").read_text(encoding="utf-8")
    for boot in ("first", "second"):
        proc = tmp_path / boot
        (proc / "7").mkdir(parents=True)
        (proc / "7" / "stat").write_text(f"7 (odd) name) {stat.rpartition(')')[2]}", encoding="utf-8")
        (proc / "sys" / "kernel" / "random").mkdir(parents=True)
        (proc / "sys" / "kernel" / "random" / "boot_id").write_text(f"{boot}\n", encoding="ascii")
    ticks = process_start(os.getpid())
    assert ticks is not None
    assert from_proc(7, tmp_path / "first") == f"first {ticks.split()[1]}"
    assert from_proc(7, tmp_path / "second") == f"second {ticks.split()[1]}"
    assert from_proc(8, tmp_path / "first") is None
