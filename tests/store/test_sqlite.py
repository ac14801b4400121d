"""Opening SQLite."""

import sqlite3
from pathlib import Path

import pytest

from cje_audit.domain.errors import StoreError
from cje_audit.store.sqlite import connect, refuse_network_folder, transaction

MOUNTS = "dev / ext4 rw 0 0\nsrv:/x /mnt/share\\040one nfs4 rw 0 0\nproc /proc proc rw 0 0\n"


def test_a_network_file_system_is_refused_by_name(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    refuse_network_folder(Path("/home/me/workspace"), mounts)
    with pytest.raises(StoreError, match=r"network file system \(nfs4\)"):
        refuse_network_folder(Path("/mnt/share one/workspace"), mounts)
    refuse_network_folder(Path("/mnt/share one"), tmp_path / "no such file")


def test_every_commit_is_power_loss_safe(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.sqlite", "create table if not exists t(x)")
    assert db.execute("pragma journal_mode").fetchone()[0] == "wal"
    assert db.execute("pragma synchronous").fetchone()[0] == 2


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    db = connect(tmp_path / "a.sqlite", "create table if not exists t(x unique)")
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.execute("insert into t values (1)")
        db.execute("insert into t values (1)")
    assert db.execute("select count(*) from t").fetchone()[0] == 0
