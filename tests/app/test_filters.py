import pytest

from app.filters import fits
from cje_audit.domain.views import RunRow

RUN = RunRow(
    id="20261125-abc", name="Helpdesk", kind="import", status="complete", created_at="2026-11-25T10:00:00Z", age_s=3.0,
    owner="ada",
    sentence="1 of 2 target policies refused.", verdicts={"a": "report", "b": "refuse"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "states", "verdicts", "owners", "expected"),
    [
        ("", [], [], [], True),
        (" helpDESK ", [], [], [], True),
        ("abc", [], [], [], True),
        ("refused", [], [], [], True),
        ("sales", [], [], [], False),
        ("", ["complete", "failed"], [], [], True),
        ("", ["failed"], [], [], False),
        ("", [], ["refuse"], [], True),
        ("", [], ["rank_only"], [], False),
        ("helpdesk", ["complete"], ["rank_only", "report"], [], True),
        ("helpdesk", ["running"], ["report"], [], False),
        ("ADA", [], [], ["ada", "bob"], True),
        ("", [], [], ["bob"], False),
    ],
)
def test_a_run_is_shown_when_it_fits_every_filter(
    text: str, states: list[str], verdicts: list[str], owners: list[str], expected: bool
) -> None:
    assert fits(RUN, text, states, verdicts, owners) is expected
