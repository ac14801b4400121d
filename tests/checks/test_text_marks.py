import numpy as np
import polars as pl
import pytest

from cje_audit.checks.text_marks import TextMarks, ends_in_loop, runaway, template_contamination
from cje_audit.stages.text_marks import text_marks
from tests.checks.builders import make_rows

CLEAN = (
    "Use a <b>bold</b> tag, then `x |> f <| y`.", "Strike it out: <s>old</s> new.", "The INSTITUTE replied.", "a | b\n---|---\n1 | 2\n",
    "The user: a person who uses.", "Note: users: see above.", "<start> of the story <end>",
)  # fmt: skip


def marked(prompts: list[str | None], responses: list[str | None]) -> pl.DataFrame:
    return text_marks(
        pl.DataFrame({"prompt": prompts, "response": responses}, schema={"prompt": pl.String, "response": pl.String})
    )


@pytest.mark.parametrize(
    "token",
    ["<|im_start|>", "<|im_end|>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<|begin_of_text|>", "<|start_header_id|>", "<|eot_id|>",
     "<|header_start|>", "<|eot|>", "<start_of_turn>", "<end_of_turn>", "[SYSTEM_PROMPT]", "[TOOL_CALLS]", "<｜User｜>",
     "<｜end▁of▁sentence｜>", "<|user|>", "<|assistant|>", "<|end|>", "<|endoftext|>", "<|im_sep|>"],
)  # fmt: skip
@pytest.mark.parametrize("column", ["prompt", "response"])
def test_every_family_is_found_in_one_row(token: str, column: str) -> None:
    texts = [*CLEAN, f"Yes. {token}\nNo.", None]
    plain: list[str | None] = ["Hello there."] * len(texts)
    found = marked(texts if column == "prompt" else plain, plain if column == "prompt" else texts)
    assert found["control_token"].to_list() == [None] * len(CLEAN) + [token, None]


def test_sentence_marks_count_at_the_ends_alone() -> None:
    found = marked(["<s> [INST] hi", "x", "x"], ["x", "Yes.</s>", "<s>old</s> new"])
    assert [t is not None for t in found["control_token"]] == [True, True, False]


def test_clean_text_carries_no_mark() -> None:
    found = marked(list(CLEAN), list(CLEAN))
    assert found["control_token"].null_count() == len(CLEAN)
    assert not found.select(pl.any_horizontal("role_marker", "invented_turn", "loop")).to_series().any()


@pytest.mark.parametrize(
    ("text", "role", "turn"),
    [("It is 4.\n\nUser: and 5?\nAssistant: 9.", True, True), ("Sure. User: hi Assistant: hello", True, True), ("Assistant: It is 4.", True, False),
     ("### Response\nIt is 4.", True, False), ("It is 4.\n### Instruction\nAdd 5.", True, True), ("It is 4.\nHuman: more?", True, True)],
)  # fmt: skip
def test_roles_and_invented_turns(text: str, role: bool, turn: bool) -> None:
    found = marked(["x"], [text])
    assert (found["role_marker"][0], found["invented_turn"][0]) == (role, turn)


@pytest.mark.parametrize(
    ("text", "loop"),
    [("Intro. " + "and so on, " * 20, True), ("The end.\n" * 15 + "The e", True), ("A long sentence that is said in full once more today. " * 3, True),
     ("word " * 30, True), ("-" * 400, False), ("|---|---|" * 30, False), ("ha ha ha ha ha", False), ("} \n" * 60, False),
     ("Verse one is here.\nLa la la la.\nVerse two is not.\nLa la la la.\nVerse three.\nLa la la la.", False), ("", False)],
)  # fmt: skip
def test_loops(text: str, loop: bool) -> None:
    assert ends_in_loop(text) == loop
    assert marked(["x"], [text])["loop"][0] == loop


def marks(n: int, control: int = 0, role: int = 0, turn: int = 0, loop: int = 0) -> TextMarks:
    first = np.arange(n)
    return TextMarks(np.where(first < control, "[INST]", None), first < role, first < turn, first < loop)


@pytest.mark.parametrize(("control", "status"), [(0, "pass"), (1, "warn"), (10, "warn"), (11, "fail")])
def test_control_tokens_speak_from_one_row(control: int, status: str) -> None:
    check = template_contamination(marks(200, control), make_rows(np.full(200, 50)))
    assert (check.status, check.n_affected) == (status, control)


@pytest.mark.parametrize(
    ("n", "role", "status"),
    [(200, 4, "pass"), (200, 5, "warn"), (200, 11, "fail"), (1000, 9, "pass"), (1000, 10, "warn")],
)
def test_role_markers_speak_from_five_rows_and_one_percent(n: int, role: int, status: str) -> None:
    assert template_contamination(marks(n, 0, role), make_rows(np.full(n, 50))).status == status


@pytest.mark.parametrize(
    ("turn", "loop", "status"), [(0, 0, "pass"), (4, 2, "pass"), (5, 0, "warn"), (0, 5, "warn"), (20, 3, "fail")]
)
def test_runaway(turn: int, loop: int, status: str) -> None:
    assert runaway(marks(200, 0, 0, turn, loop), make_rows(np.full(200, 50))).status == status


def test_without_texts_nothing_is_said() -> None:
    rows = make_rows(np.full(20, 50))
    assert {template_contamination(None, rows).status, runaway(None, rows).status} == {"not_evaluated"}
