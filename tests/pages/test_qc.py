"""The page of quality: every figure with badge, sentence, picture, table, denominators and links to rows."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cje_audit.audit import Audit, ImportOptions
from tests.conftest import synthetic_rows
from tests.pages.conftest import World, everything, texts

Visit = Callable[..., AppTest]
LOOP = "It goes on and on. " * 30
N = 200


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder = tmp_path_factory.mktemp("flawed")
    rows = synthetic_rows(N, seed=5)
    for i, row in enumerate(rows):
        row |= {"finish_reason": "length" if i < 40 else "stop", "n_tokens": 20 + i % 7}
        row["response"] += LOOP if i < 30 else " <|im_end|>" if i < 35 else ""
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    audit = Audit.open(folder / "workspace")
    run = audit.import_files([folder / "rows.jsonl"], ImportOptions())
    audit.wait(run, timeout_s=120)
    yield folder / "workspace", run
    audit.close()


def test_every_figure_of_the_report_is_shown_with_its_sentence(visit: Visit, flawed: tuple[Path, str]) -> None:
    workspace, run = flawed
    at = visit(workspace, "qc", run=run)
    assert not at.exception
    audit = Audit.open(workspace)
    report = audit.report(run)
    audit.close()
    shown = texts(at)
    figures = [q for q in report.quality if q.policy in (None, "near")]
    assert [q.sentence for q in figures if q.sentence not in shown] == []
    assert f"35 of {N} rows hold a chat-template" not in " ".join(shown)
    assert f"5 of {N} rows hold a chat-template control token." in shown
    assert f"40 of {N} responses were cut at the length limit." in shown
    assert f"30 of {N} responses go on past their end." in shown
    assert len(at.get("plotly_chart")) == len([q for q in figures if q.distribution is not None])
    assert "nats per token" in everything(at)
    assert "Nats per token" in everything(at)


def test_each_flaw_leads_to_rows_and_to_the_check_that_judges_it(visit: Visit, flawed: tuple[Path, str]) -> None:
    at = visit(flawed[0], "qc", run=flawed[1])
    links = [str(link.proto) for link in at.get("page_link")]
    assert sum('query_string: "run=' in link and "row=" in link for link in links) >= 30
    assert any("check=dataset.truncation" in link for link in links)


def test_badges_say_in_words_how_it_stands(visit: Visit, flawed: tuple[Path, str]) -> None:
    shown = everything(visit(flawed[0], "qc", run=flawed[1]))
    assert "Fail" in shown  # 15 % run away
    assert "Warning" in shown  # 20 % are cut
    assert "Shown only" in shown


def test_a_policy_is_picked_by_the_address(visit: Visit, world: World) -> None:
    at = visit(world.workspace, "qc", run=world.complete, policy="far")
    assert any("far's log-prob lies" in text for text in texts(at))
    assert not any("near's log-prob lies" in text for text in texts(at))
