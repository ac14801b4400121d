from typing import get_args

import pytest

from app import words
from app.places import PLACES
from cje_audit.domain.checks import STAGES, CheckStatus, Verdict
from cje_audit.domain.report import RunState
from cje_audit.domain.views import StageState, WorkerState

TABLES = [
    words.STATUS,
    words.VERDICT,
    words.RUN,
    words.STAGE_STATE,
    words.WORKER,
    words.READY,
    words.SIGN_OFF,
    words.DECISION,
]


def test_every_status_has_a_badge() -> None:
    assert set(words.STATUS) == set(CheckStatus)
    assert set(words.VERDICT) == set(Verdict)
    assert set(words.RUN) == set(get_args(RunState))
    assert set(words.STAGE_STATE) == set(get_args(StageState))
    assert set(words.WORKER) == set(get_args(WorkerState))
    assert set(words.STAGES) == set(STAGES)


@pytest.mark.parametrize("table", TABLES)
def test_no_badge_is_told_by_colour_alone(table: dict[object, words.Badge]) -> None:
    labels = [b.label for b in table.values()]
    assert all(labels)
    assert len(set(labels)) == len(labels)
    assert len({b.icon for b in table.values()}) == len(labels)


def test_what_was_not_evaluated_never_reads_as_a_pass() -> None:
    assert words.STATUS["not_evaluated"].color != words.STATUS["pass"].color
    assert words.VERDICT["not_evaluated"].color != words.VERDICT["report"].color


def test_every_term_of_a_page_is_explained_in_one_sentence_or_two() -> None:
    for place in PLACES.values():
        assert place.terms
        for term in place.terms:
            assert words.GLOSSARY[term].endswith(".")


def test_every_term_is_used_somewhere() -> None:
    used = {term for place in PLACES.values() for term in place.terms}
    figures = {"share of the heaviest row", "overlap", "policy", "rows used"}
    assert set(words.GLOSSARY) - used - figures == set()
