"""Rows found by their words, as plain text and as regular expressions, hostile ones included."""

import json
from collections.abc import Iterator

import pytest

from cje_audit.audit import Audit, ImportOptions
from cje_audit.domain.errors import InputError
from cje_audit.domain.row_search import RowQuery

ROWS = [
    {"prompt_id": "a", "prompt": "What is 2+2?", "response": "Four. 50% sure"},
    {"prompt_id": "b", "prompt": "Name a _colour_", "response": "SURE: blue"},
    {"prompt_id": "c", "prompt": "O'Brien; drop table sample --", "response": "no\nnumber 42"},
]


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    folder = tmp_path_factory.mktemp("search")
    rows = [{**r, "base_policy_logprob": -3.5 - i, "judge_score": 0.5} for i, r in enumerate(ROWS)]
    opened = Audit.open(folder / "workspace")
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    run = opened.import_files([data], ImportOptions())
    opened.wait(run, timeout_s=120)
    yield opened
    opened.close()


def found(audit: Audit, **query: object) -> list[str]:
    return [row.row_id for row in audit.find_rows("latest", RowQuery.model_validate(query)).rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["a", "b", "c"]),
        ({"text": "sure"}, ["a", "b"]),
        ({"text": "sure", "where": "prompt"}, []),
        ({"text": "50%"}, ["a"]),
        ({"text": "_"}, ["b"]),
        ({"text": "O'Brien; drop"}, ["c"]),
        ({"text": r"\d+", "regex": True}, ["a", "c"]),
        ({"text": r"^Four|blue$", "regex": True, "where": "response"}, ["a", "b"]),
        ({"text": r"(a+)+$", "regex": True, "where": "prompt"}, []),
        ({"text": "", "failed_only": True}, []),
    ],
)
def test_rows_are_found_by_their_words(audit: Audit, query: dict[str, object], expected: list[str]) -> None:
    assert found(audit, **query) == expected


@pytest.mark.parametrize("text", ["(", "[z-a]", "x" * 501])
def test_what_cannot_be_searched_for_is_one_sentence(audit: Audit, text: str) -> None:
    with pytest.raises(InputError):
        audit.find_rows("latest", RowQuery(text=text, regex=True))


def test_a_page_says_how_many_fit_of_how_many(audit: Audit) -> None:
    page = audit.find_rows("latest", RowQuery(text="sure"), offset=1, limit=1)
    assert (page.total, page.n_rows, [r.row_id for r in page.rows]) == (2, 3, ["b"])
