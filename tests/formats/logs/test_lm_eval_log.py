"""Sample logs as lm-evaluation-harness itself wrote them."""

import json
from pathlib import Path

import pytest

from cje_audit.formats.dataset import Imported, read_dataset
from cje_audit.formats.dry_run import NO_LOGPROBS, dry_run
from cje_audit.formats.options import ImportOptions
from tests.formats.logs.made import LM_CHOICE, LM_WORDS, make


def is_right(words: Imported, choice: Imported) -> None:
    assert words.rows["row_id"].to_list() == [f"capitals_words-{i}" for i in range(6)]
    assert words.rows["prompt"][0] == "Q: What is the capital of France?\nA:"
    assert words.rows["response"].to_list() == ["lol"] * 6
    assert words.rows["judge_score"].to_list() == [0.0] * 6
    assert "Lines of the filter first-letters were passed over; read is as-is." in words.notes
    assert choice.rows.height == 6
    assert set(choice.rows["response"]) <= {" Paris", " Rome", " Madrid", " Tokyo", " Lima", " Nairobi"}
    assert choice.rows["logging_logprob"].null_count() == 6
    assert any("nobody sampled a response" in note for note in choice.notes)


def test_documents_become_rows() -> None:
    is_right(read_dataset([LM_WORDS], ImportOptions()), read_dataset([LM_CHOICE], ImportOptions()))


def test_the_metric_is_that_of_the_likeliest_choice() -> None:
    rows = read_dataset([LM_CHOICE], ImportOptions()).rows
    cities = ["Paris", "Rome", "Madrid", "Tokyo", "Lima", "Nairobi"]
    right = [float(response.strip() == city) for response, city in zip(rows["response"], cities, strict=True)]
    assert rows["judge_score"].to_list() == right


def test_the_dry_run_says_what_is_missing() -> None:
    seen = dry_run([LM_WORDS], ImportOptions())
    assert seen.files[0].format == "lm_eval"
    assert seen.files[0].sentence.endswith(NO_LOGPROBS)


def line(**changed: object) -> bytes:
    first = json.loads(LM_WORDS.read_text().splitlines()[0])
    return (json.dumps(first | changed) + "\n").encode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"resps": []}, "no request with its reply"), ({"arguments": None}, "no request with its reply"),
     ({"resps": [[]]}, "has no reply"), ({"arguments": {"gen_args_0": {"arg_0": "text"}}}, "likelihood of a whole text"),
     ({"resps": [[5]]}, "a number as response")],
)  # fmt: skip
def test_a_line_that_is_no_row_is_quarantined(changed: dict[str, object], said: str, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(line() + line(doc_id=1, **changed))
    found = read_dataset([path], ImportOptions())
    assert found.rows["row_id"].to_list() == ["0"]
    assert said in found.quarantine["reason"][0]


def test_several_replies_are_draws_without_a_score(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(line(resps=[["one", "two"]]))
    rows = read_dataset([path], ImportOptions()).rows
    assert rows.select("row_id", "response", "judge_score").rows() == [("0", "one", None), ("0#1", "two", None)]


def test_chat_messages_become_one_prompt(tmp_path: Path) -> None:
    messages = json.dumps([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}])
    path = tmp_path / "s.jsonl"
    path.write_bytes(line(arguments={"gen_args_0": {"arg_0": [messages], "arg_1": {"until": []}}}))
    assert read_dataset([path], ImportOptions()).rows["prompt"].to_list() == ["Be brief.\n\nWhy?"]


@pytest.mark.slow
def test_a_log_made_now(tmp_path: Path) -> None:
    made = make("lm-eval", tmp_path)
    words, choice = (next(made.glob(f"samples_capitals_{kind}_*")) for kind in ("words", "choice"))
    is_right(read_dataset([words], ImportOptions()), read_dataset([choice], ImportOptions()))
