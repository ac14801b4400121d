"""What people decide in the browser: reveal, sign-off, notes, and the trail of it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit
from tests.pages.conftest import World, everything, texts

Visit = Callable[..., AppTest]


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Iterator[Audit]:
    """A copy of the workspace, so that no decision is left behind for other tests."""
    audit = Audit.open(shutil.copytree(world.workspace, tmp_path / "workspace"))
    yield audit
    audit.close()


def fill(at: AppTest, key: str, by: str, text: str) -> AppTest:
    at.text_input(key=f"{key}-by").set_value(by)
    at.text_area(key=f"{key}-text").set_value(text)
    return next(b for b in at.button if b.form_id == key).click().run()


def refused_values(audit: Audit, run: str) -> set[str]:
    policy = audit.report(run).policy("uniform")
    assert policy is not None
    return {f"{e.value:.3f}" for e in policy.estimates if e.value is not None}


def test_a_refused_number_is_shown_after_a_name_and_a_reason_and_marked(
    visit: Visit, world: World, copy: Audit
) -> None:
    at = visit(copy.workspace, "results", run=world.complete)
    assert not at.warning
    told = f"cje-audit reveal {world.complete} uniform --reason TEXT --by NAME"
    assert told in [code.value for code in at.code]
    at = fill(at, "reveal-uniform", "Ada", "the board asked")
    assert not at.exception
    assert copy.revealed(world.complete)["uniform"].sentence in texts(at)
    assert [w.value for w in at.warning] == ["These numbers are refused. They are shown only because someone asked."]
    shown = next(f.value for f in at.dataframe if set(f.value.get("Policy", ())) == {"uniform"})
    assert (shown["Rows used"].str.contains(" of ")).all()
    assert (shown["Interval"].str.contains(" to ")).all()
    assert refused_values(copy, world.complete) & set(shown["Estimate"])
    assert copy.report(world.complete).policy("uniform").verdict == "refuse"  # type: ignore[union-attr]


@pytest.mark.parametrize(("by", "reason", "said"), [("", "why", "needs a name"), ("Ada", " ", "needs a reason")])
def test_a_reveal_without_name_or_reason_is_one_sentence(
    visit: Visit, world: World, copy: Audit, by: str, reason: str, said: str
) -> None:
    at = fill(visit(copy.workspace, "results", run=world.complete), "reveal-uniform", by, reason)
    assert [said in e.value for e in at.error] == [True]
    assert copy.decisions(world.complete) == ()


def test_a_sign_off_is_shown_and_void_after_a_reveal(visit: Visit, world: World, copy: Audit) -> None:
    at = visit(copy.workspace, "results", run=world.complete)
    assert "Not signed" in everything(at)
    at = fill(at, "sign", "Ada", "")
    assert copy.report(world.complete).sign_off.state == "approved"
    assert "Approved" in everything(at)
    at = fill(at, "reveal-uniform", "Bob", "the board asked")
    assert "Sign-off void" in everything(at)


def test_a_note_on_a_check_stands_under_it(visit: Visit, world: World, copy: Audit) -> None:
    copy.note(world.complete, "ask the data team", on="check:target_policy.uniform_weights", by="Ada")
    at = visit(copy.workspace, "validation", run=world.complete)
    assert not at.exception
    assert "ask the data team" in texts(at)
    key = "note-target_policy.uniform_weights-uniform"
    at = fill(at, key, "Bob", "they know")
    assert not at.exception
    assert "they know" in texts(at)
    assert copy.decisions(world.complete)[0].subject == "check:target_policy.uniform_weights"
    told = [code.value for code in at.code]
    assert f"cje-audit note {world.complete} TEXT --on check:target_policy.uniform_weights --by NAME" in told
    told = [line for line in told if line.startswith(f"cje-audit override {world.complete} target_policy.uniform")]
    assert f"{told[0].partition(' --reason')[0]}".endswith("--policy uniform")


def test_a_note_on_a_check_that_passes_stands_under_it(visit: Visit, world: World, copy: Audit) -> None:
    passed = next(c for c in copy.report(world.complete).checks() if c.status == "pass")
    copy.note(world.complete, "looked at twice", on=f"check:{passed.id}", by="Ada")
    at = visit(copy.workspace, "validation", run=world.complete)
    assert not at.exception
    assert "looked at twice" in texts(at)


def test_a_check_is_overridden_on_validation_and_every_page_says_so(visit: Visit, world: World, copy: Audit) -> None:
    key = "override-target_policy.uniform_weights-uniform"
    at = fill(visit(copy.workspace, "validation", run=world.complete), key, "Ada", "scored so on purpose")
    assert not at.exception
    policy = copy.report(world.complete).policy("uniform")
    assert policy is not None
    (told,) = [o.sentence for o in policy.overrides]
    assert told.endswith("because: scored so on purpose")
    assert told in texts(at)
    assert key not in [b.form_id for b in at.button]
    assert told in texts(visit(copy.workspace, "results", run=world.complete))
    trail = visit(copy.workspace, "trail", run=world.complete)
    assert any(c.value.startswith("Check ") and c.value.endswith("policy uniform") for c in trail.caption)


def test_a_note_appears_where_it_stands_and_in_the_trail(visit: Visit, world: World, copy: Audit) -> None:
    at = fill(visit(copy.workspace, "row", run=world.complete, row="p00000"), "note", "Ada", "<b>odd</b> row")
    assert not at.exception
    assert "<b>odd</b> row" in texts(at)
    assert copy.decisions(world.complete)[0].subject == "row:p00000"
    at = visit(copy.workspace, "trail", run=world.complete)
    assert "<b>odd</b> row" in texts(at)
    assert any(c.value.startswith("1 of 1 entries shown") for c in at.caption)


def test_the_run_can_be_taken_home_in_every_form(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "results", run=world.complete)
    labels = [b.label for b in at.get("download_button")]
    assert labels == ["HTML report", "HTML report, redacted", "Report as JSON", "Estimates as CSV", "Estimates as Parquet",
                      "Rows as CSV", "Rows as Parquet", "Whole run as a bundle"]  # fmt: skip
