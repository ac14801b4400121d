import numpy as np
import pytest

pytest.importorskip("gguf", reason="the extra [embedded] is not installed")

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.rendering import Rendered
from cje_audit.providers.smollm.model import LanguageModel
from cje_audit.providers.smollm.reader import HEADS_KEPT, Reader, ReadFailure, Sampling
from cje_audit.providers.smollm.sampling import seeded_generator
from cje_audit.providers.smollm.tokenizer import ModelTokenizer

BEFORE = Rendered("the head: the prompt\n", "the head: ", "<|im_end|>", special=True)


@pytest.fixture
def reader(tiny):
    return Reader(LanguageModel(tiny), ModelTokenizer(tiny.facts))


def written(reader, *, seed=1, before=BEFORE, **how):
    settings = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 20} | how
    return reader.write(before, Sampling(**settings), seeded_generator(seed))


def test_a_response_is_scored_token_by_token_after_the_whole_text_before_it(reader):
    scored = reader.score(BEFORE, "the a", ended=False)
    assert scored.tokens == ("the", " a")
    ids = reader.tokenizer.encode(BEFORE.text + "the a", special=True).ids
    model = reader.model
    values = model.log_probs(model.read(ids[:-1], model.new_cache(len(ids))))
    n = len(ids) - 2
    assert scored.token_logprobs == pytest.approx([values[n - 1, ids[n]], values[n, ids[n + 1]]], abs=1e-5)


def test_what_was_written_scores_the_same_by_teacher_forcing(reader):
    compared = 0
    for seed in range(200):
        said = written(reader, seed=seed, max_tokens=2)
        try:
            scored = reader.score(BEFORE, said.text, ended=False)
        except ReadFailure:
            continue
        if reader.tokenizer.encode(said.text, special=False).ids == said.ids:
            assert scored.token_logprobs == pytest.approx(said.token_logprobs, abs=1e-4)
            compared += 1
    assert compared > 5


def test_the_end_token_is_scored_where_the_response_ended_and_the_template_has_one(reader):
    assert reader.score(BEFORE, "the", ended=True).tokens == ("the", "<|im_end|>")
    assert reader.score(BEFORE, "the", ended=False).tokens == ("the",)
    assert reader.score(Rendered(BEFORE.text, "", None, special=False), "the", ended=True).tokens == ("the",)


def test_a_kept_head_changes_no_bit(reader, tiny):
    fresh = Reader(LanguageModel(tiny), ModelTokenizer(tiny.facts))
    reader.score(BEFORE, "something else", ended=False)
    assert reader.score(BEFORE, "the a", ended=True) == fresh.score(BEFORE, "the a", ended=True)
    assert reader.score(BEFORE, "the a", ended=True) == fresh.score(BEFORE, "the a", ended=True)


def test_only_so_many_heads_are_kept(reader):
    for n in range(HEADS_KEPT + 5):
        reader.score(Rendered(f"head {n:03d} x\n", f"head {n:03d} ", None, special=False), "the", ended=False)
    assert len(reader._heads) == HEADS_KEPT


def test_a_token_across_the_boundary_is_a_failure(reader):
    with pytest.raises(ReadFailure) as caught:
        reader.score(BEFORE, "\n\nthe", ended=False)
    assert caught.value.code is FailureCode.TOKEN_BOUNDARY


@pytest.mark.parametrize("text", ["", "the"])
def test_nothing_before_the_response_is_a_failure_and_one_token_before_it_is_enough(reader, text):
    before = Rendered(text, "", None, special=False)
    if text:
        assert len(reader.score(before, " a", ended=False).tokens) == 1
        return
    with pytest.raises(ReadFailure) as caught:
        reader.score(before, " a", ended=False)
    assert caught.value.code is FailureCode.BAD_REQUEST


def test_a_head_that_is_the_whole_text_before_the_response_still_works(reader):
    whole = Rendered(BEFORE.text, BEFORE.text, None, special=True)
    assert reader.score(whole, "the", ended=False).token_logprobs == pytest.approx(
        reader.score(BEFORE, "the", ended=False).token_logprobs, abs=1e-5
    )


def test_text_longer_than_the_context_is_a_failure_and_writing_stops_at_its_end(reader):
    with pytest.raises(ReadFailure) as caught:
        reader.score(BEFORE, "x" * 1024, ended=False)
    assert caught.value.code is FailureCode.CONTEXT_OVERFLOW
    long = Rendered("x" * 1020, "", None, special=False)
    said = written(reader, before=long, max_tokens=50, top_p=0.01)
    assert said.finish_reason == "length"
    assert len(said.ids) == 4


def test_writing_ends_at_the_limit_at_a_stop_text_or_at_a_control_token(reader):
    assert len(written(reader, max_tokens=3, top_p=0.2).ids) == 3
    texts = [written(reader, seed=seed, stop=("e",)) for seed in range(30)]
    assert all("e" not in said.text for said in texts)
    assert any(said.finish_reason == "stop" for said in texts)
    ended = [written(reader, seed=seed, max_tokens=200) for seed in range(10)]
    assert any(said.finish_reason == "stop" for said in ended)
    assert not any(set(said.ids) & reader.tokenizer.control for said in ended)


def test_next_log_probs_are_those_of_each_texts_first_token(reader):
    the, a = reader.next_log_probs(BEFORE, ("the", " a"))
    assert the == pytest.approx(reader.score(BEFORE, "the", ended=False).token_logprobs[0], abs=1e-5)
    assert np.isfinite(a)
