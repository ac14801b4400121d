import polars as pl

from cje_audit.stages.text_figures import repetition, text_figures


def test_repetition_of_texts_made_by_hand() -> None:
    loop = "the same four words " * 10
    found = repetition(pl.Series(["one two three four five six", loop, "a\n\tb  c d", "", None, "ein zwei"]))
    assert found[0] == 0.0
    assert found[1] is not None
    assert abs(found[1] - (1 - 4 / 37)) < 1e-12
    assert found[2] == 0.0  # any white space parts words
    assert found[3:].to_list() == [None, None, None]


def test_a_sequence_of_one_text_is_never_a_repetition_in_another() -> None:
    assert repetition(pl.Series(["a b c d e f"] * 5)).to_list() == [0.0] * 5


def test_many_rows_are_measured_evenly_and_the_rest_is_said_to_be_unmeasured() -> None:
    found = repetition(pl.Series(["a b c d a b c d"] * 95), most=10)
    assert found.is_not_null().sum() == 10
    assert found.is_not_null().arg_true().to_list() == list(range(0, 95, 10))


def test_no_rows() -> None:
    sample = pl.DataFrame({"prompt": [], "response": []}, schema={"prompt": pl.String, "response": pl.String})
    assert text_figures(sample).columns == ["prompt", "response", "prompt_chars", "repetition"]
