import pytest

pytest.importorskip("tokenizers", reason="the extra [embedded] is not installed")

from cje_audit.providers.smollm.tokenizer import ModelTokenizer, byte_alphabet

pytestmark = pytest.mark.model

TEXTS = [
    "Hello world", "It's 1,234.5 days", "  two  spaces\n\n\nand lines\r\n", "naïve café 日本語 😀👍🏽", "\t\x00\x7f", "e\u0301",
    "<|im_end|> in plain text", "٣ and ½ and Ⅷ", "a" * 500,
]  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer(model_file):
    return ModelTokenizer(model_file.facts)


def test_the_alphabet_covers_every_byte_once():
    assert sorted(byte_alphabet().values()) == list(range(256))


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_spell_the_text_to_the_byte(tokenizer, text):
    encoded = tokenizer.encode(text, special=False)
    assert "".join(tokenizer.pieces(encoded.ids)) == text
    assert encoded.ends[-1] == len(text.encode("utf-8"))
    assert list(encoded.ends) == sorted(encoded.ends)


def test_token_ids_of_the_models_own_chat_opening(tokenizer):
    text = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
    expected = (1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018, 411, 407, 19712)
    assert tokenizer.encode(text, special=True).ids == (*expected, 8182, 2, 198)


def test_every_digit_is_its_own_token(tokenizer):
    assert tokenizer.pieces(tokenizer.encode("in 2026", special=False).ids) == ("in", " ", "2", "0", "2", "6")


def test_control_tokens_are_read_only_where_they_are_meant(tokenizer):
    assert tokenizer.encode("<|im_end|>", special=True).ids == (tokenizer.end_id,)
    assert tokenizer.end_id not in tokenizer.encode("<|im_end|>", special=False).ids
    assert tokenizer.encode("<|im_end|>", special=True).ids == (tokenizer.end_id,)
    assert tokenizer.end_text() == "<|im_end|>"


def test_a_character_over_several_tokens_belongs_to_the_last(tokenizer):
    ids = tokenizer.encode("👍", special=False).ids
    assert len(ids) > 1
    assert tokenizer.pieces(ids) == (*[""] * (len(ids) - 1), "👍")


def test_text_that_is_not_unicode_is_refused(tokenizer):
    with pytest.raises(UnicodeEncodeError):
        tokenizer.encode("\ud800", special=False)
