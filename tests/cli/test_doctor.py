"""`doctor` and `run --doctor` on a fault server, as a user runs them."""

from pathlib import Path

import pytest

from cje_audit.audit import Audit
from cje_audit.domain.checks import Check
from cje_audit.domain.errors import StoreError
from tests.cli.helpers import cje
from tests.faults.fixtures import running as running  # the fixture
from tests.faults.fixtures import server as server  # the fixture
from tests.faults.running import FaultServer
from tests.stages.doctor.asking import written


@pytest.fixture
def config(server: FaultServer, tmp_path: Path) -> Path:
    path = tmp_path / "experiment.yaml"
    path.write_text(written(server.url, tmp_path))
    return path


def test_doctor_prints_checks_and_its_exit_code_says_whether_one_fails(
    server: FaultServer, config: Path, tmp_path: Path
) -> None:
    done = cje(tmp_path / "w", "doctor", config, "--json")
    assert done.code == 0
    checks = [Check.model_validate(c) for c in done.document]
    assert {"doctor.echo", "doctor.alignment", "doctor.judge"} <= {c.id for c in checks}
    server.configure(mix={"ignored_echo": 1.0})
    said = cje(tmp_path / "w", "doctor", config)
    assert said.code == 1
    assert "The preflight blocks the launch: 2 of" in said.out
    assert "ignored the request for log-probs" in said.out
    assert cje(tmp_path / "w", "doctor", config, "--exit-zero").code == 0
    assert cje(tmp_path / "w", "runs", "--json").document == []


def test_run_doctor_launches_nothing_when_it_fails_unless_it_is_set_aside_by_name(
    server: FaultServer, config: Path, tmp_path: Path
) -> None:
    server.configure(mix={"shifted": 1.0})
    done = cje(tmp_path / "w", "run", config, "--doctor", "--json")
    assert (done.code, done.document["status"], done.document["run"]) == (1, "blocked", None)
    assert cje(tmp_path / "w", "runs", "--json").document == []
    reason = "a known quirk of this server"
    forced = cje(tmp_path / "w", "run", config, "--override-doctor", reason, "--by", "Ada", "--json", "--exit-zero")
    run = forced.document["run"]
    audit = Audit.open(tmp_path / "w")
    try:
        entry = audit.decisions(run)[0]
        assert (entry.kind, entry.by, entry.reason) == ("preflight", "Ada", reason)
        assert entry.subject == "doctor.alignment"
        told = audit.report(run).run.provenance["preflight"]
        assert told["set_aside_by"] == "Ada"
        assert told["failing"] == ["doctor.alignment base", "doctor.alignment odd"]
        kept = audit.preflight(run)
        assert kept is not None and kept.found.blocks
        assert audit.verify(run) == ()
    finally:
        audit.close()


def test_run_doctor_keeps_what_it_found_with_the_run(config: Path, tmp_path: Path) -> None:
    done = cje(tmp_path / "w", "run", config, "--doctor", "--json", "--exit-zero")
    audit = Audit.open(tmp_path / "w")
    try:
        kept = audit.preflight(done.document["run"])
        assert kept is not None and not kept.found.blocks and kept.set_aside_by is None
        assert audit.decisions(done.document["run"]) == ()
        assert audit.report(done.document["run"]).run.provenance["preflight"]["failing"] == []
        (tmp_path / "w" / "runs" / done.document["run"] / "preflight.json").write_text('{"found": ')
        with pytest.raises(StoreError, match="is damaged: it should hold what the preflight found, but what is there"):
            audit.preflight(done.document["run"])
    finally:
        audit.close()
