"""Every example configuration is valid as it stands, and the first one needs no key."""

from pathlib import Path

import pytest

from cje_audit.audit import Audit
from tests.conftest import ROOT

NAMES = sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return Audit.open(tmp_path_factory.mktemp("workspace"))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_valid_as_it_stands(audit: Audit, name: str) -> None:
    template = next(t for t in audit.templates() if t.name == name)
    checked = audit.validate(template.text)
    assert checked.ok, checked.sentence
    assert template.title.endswith(".")  # its first line says what it is


def test_those_without_a_key_come_first(audit: Audit) -> None:
    keyed = ["api_key_env" in t.text for t in audit.templates()]
    assert keyed == sorted(keyed)
    assert audit.templates()[0].name == "embedded"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_that_costs_money_has_a_cap(name: str) -> None:
    text = Path(ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    assert ("api_key_env" in text) == ("max_cost" in text)
