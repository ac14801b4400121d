"""A model in this process against plain torch, one text at a time, without padding, batches or a cache."""

import asyncio
import importlib.util
import json
import math
import shutil

import pytest

from cje_audit.audit.creation import check_providers
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import ModelMissing
from cje_audit.domain.experiment import DataSource, Experiment, Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.registry import capabilities, make_provider
from cje_audit.providers.rendering import render
from tests.providers.texts import AWKWARD

TEXTS = {
    **AWKWARD,
    "marks": ("Say <|im_end|>", "a <|im_end|> b"),
}


def policy(folder, **changes):
    return Policy.model_validate(
        {"name": "a", "provider": "huggingface", "model": str(folder), "max_tokens": 12} | changes
    )


def ask(asked, *questions):
    """Ask one provider several things at the same time; return the answers and the sizes of its batches."""

    async def run():
        provider = make_provider(asked)
        try:
            return await asyncio.gather(*(question(provider) for question in questions)), provider
        finally:
            await provider.aclose()

    return asyncio.run(run())


def plainly(folder, text, first_byte, *, special):
    """Score a text one token after another with transformers itself."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=not special).input_ids
    values, done = [], 0
    for n, token in enumerate(ids):
        if done >= first_byte:
            with torch.inference_mode():
                logits = model(torch.tensor([ids[:n]])).logits[0, -1].double()
            values.append(float(torch.log_softmax(logits, -1)[token]))
        shown = tokenizer.convert_ids_to_tokens(token)
        done += len(shown) if not shown.startswith("<|") else len(shown.encode())
    return values


@pytest.mark.parametrize("template", ["completion", "chat"])
def test_log_probs_are_those_of_plain_torch_in_one_batch(folder, template):
    asked = policy(folder, template=template, system_prompt="Be brief.")
    answers, provider = ask(asked, *(_scored(asked, *text) for text in TEXTS.values()))
    assert provider._scores.sizes == [len(TEXTS)]
    for answer, (prompt, response) in zip(answers, TEXTS.values(), strict=True):
        rendered = render(asked, prompt, provider._chat)
        end = rendered.end or ""
        expected = plainly(
            folder, rendered.text + response + end, len(rendered.text.encode()), special=template == "chat"
        )
        assert answer.result.token_logprobs == pytest.approx(expected, abs=1e-4), answer.result.detail
        assert "".join(answer.result.tokens) == response + end
        assert answer.result.unwrap() == math.fsum(answer.result.token_logprobs)


def _scored(asked, prompt, response, *, ended=True):
    return lambda provider: provider.logprobs(asked, prompt, response, ended=ended)


@pytest.mark.parametrize("name", TEXTS)
def test_a_vocabulary_with_blanks_as_marks_spells_the_text(other_folder, name):
    asked = policy(other_folder)
    (answer,), _ = ask(asked, _scored(asked, *TEXTS[name]))
    prompt, response = TEXTS[name]
    assert "".join(answer.result.tokens) == response, answer.result.detail
    alone, _ = ask(asked, _scored(asked, prompt, response), _scored(asked, "x" * 60, "something else"))
    assert alone[0].result.token_logprobs == pytest.approx(answer.result.token_logprobs, abs=1e-5)


def test_writing_in_a_batch_is_what_each_would_write_alone(folder):
    asked = policy(folder, template="chat", max_tokens=20)
    prompts = ["a", "What is the capital of France?", "Wie heißt die Straße?", "x " * 30]
    together, provider = ask(asked, *(lambda p, t=t: p.generate(asked, t, draw=1) for t in prompts))
    assert provider._texts.sizes == [4]
    for prompt, answer in zip(prompts, together, strict=True):
        (alone,), _ = ask(asked, lambda p, t=prompt: p.generate(asked, t, draw=1))
        assert alone.result == answer.result
    (other,), _ = ask(asked, lambda p: p.generate(asked, prompts[0], draw=2))
    assert other.result != together[0].result


def test_what_is_written_has_the_log_probs_of_teacher_forcing_whatever_the_folder_says(folder):
    """The folder asks for a repetition penalty, a temperature and top_k: none of that is the policy's."""
    asked, compared = policy(folder, temperature=0.0, max_tokens=4), 0
    prompts = [f"The cat {word}" for word in " ".join(text for pair in TEXTS.values() for text in pair).split()]
    written, provider = ask(asked, *(lambda p, t=t: p.generate(asked, t, draw=0) for t in prompts))
    told = [json.loads(answer.exchange.response) for answer in written]
    forced, _ = ask(asked, *(_scored(asked, t, raw["text"]) for t, raw in zip(prompts, told, strict=True)))
    for prompt, raw, answer in zip(prompts, told, forced, strict=True):
        reading = provider._model.encode(f"{prompt}\n\n{raw['text']}", special=False)[0]
        if list(reading[-len(raw["ids"]) :]) == raw["ids"] and answer.result.is_ok:  # else the text has other tokens
            assert answer.result.token_logprobs == pytest.approx(raw["token_logprobs"], abs=1e-4)
            compared += 1
    assert compared > 5


def test_writing_ends_at_a_stop_text_at_the_limit_and_at_the_context(folder):
    asked = policy(folder, template="chat", max_tokens=40)
    texts, _ = ask(asked, *(lambda p, d=d: p.generate(asked, "a", draw=d) for d in range(12)))
    cut = asked.model_copy(update={"stop": ("e",)})
    stopped, _ = ask(cut, *(lambda p, d=d: p.generate(cut, "a", draw=d) for d in range(12)))
    assert all("e" not in (a.result.value or "") for a in stopped)
    assert {a.result.finish_reason for a in texts if a.result.is_ok} >= {"length"}
    assert all(len(json.loads(a.exchange.response)["ids"]) <= 40 for a in texts)
    full = asked.model_copy(update={"template": "completion", "max_tokens": 400})
    (long,), provider = ask(full, lambda p: p.generate(full, "ab " * 60, draw=0))
    n = len(provider._model.encode("ab " * 60 + "\n\n", special=False)[0])
    assert long.result.finish_reason == "stop" or len(json.loads(long.exchange.response)["ids"]) == 256 - n


def test_what_the_model_cannot_do_is_a_failure_with_its_code(folder, tmp_path):
    asked = policy(folder)
    template = tmp_path / "bare.jinja"
    template.write_text("{{ prompt }}", encoding="utf-8")
    bare = asked.model_copy(update={"template": str(template)})
    cases = {
        FailureCode.TOKEN_BOUNDARY: _scored(bare, "The cap", "ital of France"),
        FailureCode.CONTEXT_OVERFLOW: _scored(asked, "p", "word " * 300),
        FailureCode.ENCODING: _scored(asked, "p", "\ud800"),
        FailureCode.EMPTY_RESPONSE: _scored(asked, "p", ""),
        FailureCode.BAD_REQUEST: _scored(bare, "", "out of nothing"),
    }
    answers, _ = ask(asked, *cases.values())
    assert [a.result.code for a in answers] == list(cases)
    assert all(a.result.value is None and not a.retry.again for a in answers)


def test_a_model_without_a_chat_template_says_so(other_folder):
    asked = policy(other_folder, template="chat")
    (answer,), _ = ask(asked, _scored(asked, "p", "r"))
    assert answer.result.code is FailureCode.BAD_REQUEST and "no chat template" in answer.result.detail


@pytest.mark.parametrize("fixture", ["folder", "other_folder"])
def test_judges_by_words_by_odds_and_by_comparison(fixture, request):
    place = str(request.getfixturevalue(fixture))
    known = {"provider": "huggingface", "model": place, "scale": (0, 10), "prompt": "{prompt}"}
    odds, score = Judge(kind="logprob", **known), Judge(kind="score", **known)
    pair = Judge(kind="pairwise", **known)
    (by_odds, by_words, by_pair, wrong), _ = ask(
        odds,
        lambda p: p.judge(odds, "Yes or no?", "r", draw=0),
        lambda p: p.judge(score, "Say something.", "r", draw=0),
        lambda p: p.judge(pair, "Say something.", "r", draw=0, other="s"),
        lambda p: p.judge(pair, "Say something.", "r", draw=0),
    )
    assert 0 < by_odds.result.unwrap() < 10 and "P(Yes)" in by_odds.result.raw
    for answer in (by_words, by_pair):  # a random model says nothing that could be read
        assert answer.result.code is FailureCode.UNPARSEABLE and answer.result.raw is not None
    assert wrong.result.code is FailureCode.BAD_REQUEST


def test_the_version_names_the_weights_the_precision_and_the_device(folder, other_folder, monkeypatch):
    first, second = make_provider(policy(folder)).scorer_version, make_provider(policy(other_folder)).scorer_version
    assert first != second and " cpu float32 weights " in first
    assert make_provider(policy(folder)).scorer_version == first
    monkeypatch.setenv("CJE_AUDIT_HF_DTYPE", "bfloat16")
    low = make_provider(policy(folder))
    assert " bfloat16 " in low.scorer_version and low._model.loaded.model.dtype.itemsize == 2


def test_a_model_that_is_not_there_is_one_sentence(tmp_path, folder):
    with pytest.raises(ModelMissing, match="cannot be loaded") as caught:
        make_provider(policy(tmp_path))
    assert "\n" not in caught.value.sentence


def test_weights_that_are_a_program_are_not_opened(tmp_path, folder):
    import torch
    from safetensors.torch import load_file

    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, tmp_path / file.name)
    torch.save(load_file(folder / "model.safetensors"), tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelMissing, match="cannot be loaded"):
        make_provider(policy(tmp_path))


def test_what_it_can_do_is_known_without_the_extra():
    able = capabilities("huggingface")
    assert able.generate and able.logprobs and able.judge


def test_without_the_extra_the_configuration_is_refused_in_one_sentence(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "torch" else real(name, *a))
    base = Policy(name="base", provider="scripted", model="m")
    experiment = Experiment(
        name="e", data=DataSource(path="-"), logging_policy=base, target_policies=(policy("somewhere"),)
    )
    with pytest.raises(ModelMissing, match="needs the Python packages torch") as caught:
        check_providers(experiment)
    assert "cje-audit[hf]" in (caught.value.what_to_do or "")
    judged = experiment.model_copy(
        update={"target_policies": (base,), "judge": Judge(kind="score", provider="huggingface", model="m")}
    )
    with pytest.raises(ModelMissing):
        check_providers(judged)


@pytest.mark.model
@pytest.mark.slow
def test_the_embedded_model_read_by_transformers_gives_the_same_numbers(folder):
    """The same GGUF file, read by two programs that share no arithmetic."""
    from cje_audit.providers.smollm.fetch import MODEL_NAME, model_path

    try:
        asked = policy(model_path(), template="chat", system_prompt="Be brief.")
    except ModelMissing as error:
        pytest.skip(error.sentence)
    own = asked.model_copy(update={"provider": "embedded", "model": MODEL_NAME})
    texts = (*TEXTS.values(), ("What is 12 + 30?", "12 + 30 = 42, and 1,234 is more."))
    ours, _ = ask(asked, *(_scored(asked, *text) for text in texts))
    theirs, _ = ask(own, *(_scored(own, *text) for text in texts))
    for one, other in zip(ours, theirs, strict=True):
        assert one.result.tokens == other.result.tokens
        assert one.result.token_logprobs == pytest.approx(other.result.token_logprobs, abs=1e-4)
    greedy = {"temperature": 0.0}
    (written,), _ = ask(asked, lambda p: p.generate(asked.model_copy(update=greedy), TEXTS["plain"][0], draw=0))
    assert written.result.unwrap() == "The capital of France is Paris."
