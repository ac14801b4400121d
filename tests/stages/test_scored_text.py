"""The text that was scored is stored with every value and shown on the row's page."""

from cje_audit.audit import Audit
from tests.faults.running import fault_server
from tests.stages.helpers import experiment, script


def test_the_text_before_a_response_is_kept_per_policy(tmp_path, audit: Audit) -> None:
    with fault_server() as server:
        text = experiment(tmp_path, script(tmp_path), n=3)
        http = f'provider: openai_compatible, model: m, base_url: "{server.url}", max_tokens: 8'
        known = f'provider: scripted, model: m, base_url: "{tmp_path / "script.json"}", max_tokens: 8'
        run = audit.launch(text.replace(known, http, 1))
        assert audit.wait(run, timeout_s=60).status == "complete"
    row = audit.row(run, "p001")
    before = {cell.policy: cell.before for cell in row.cells if cell.stage != "judge"}
    assert before["base"] == before["clone"] == "What is 1 plus 1?\n\n"
    assert before["mild"] == "Be helpful.\n\nWhat is 1 plus 1?\n\n"
    for cell in row.cells:
        if cell.stage != "judge":
            assert "".join(token.text for token in cell.tokens) == row.response
