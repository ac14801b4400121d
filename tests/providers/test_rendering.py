import hashlib
import json

import pytest

from cje_audit.domain.policy import Policy
from cje_audit.domain.template_file import template_digest
from cje_audit.providers import rendering
from cje_audit.providers.rendering import ChatFormat, RenderError, fill, render

CHAT = ChatFormat(
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}",
    end="</s>",
)


def policy(**changes):
    return Policy.model_validate({"name": "p", "model": "m"} | changes)


def test_completion_is_system_prompt_blank_line_prompt_blank_line():
    rendered = render(policy(system_prompt="Be brief."), "Hi {there}")
    assert rendered.text == "Be brief.\n\nHi {there}\n\n"
    assert rendered.head == "Be brief.\n\n"
    assert rendered.end is None
    assert not rendered.special


def test_completion_without_a_system_prompt_is_the_prompt_alone():
    assert render(policy(), "Hi").text == "Hi\n\n"
    assert render(policy(system_prompt=""), "Hi").text == "\n\nHi\n\n"


def test_chat_uses_the_models_own_template_and_names_its_end_token():
    rendered = render(policy(template="chat", system_prompt="Be brief."), "Hi", CHAT)
    assert rendered.text == "<system>Be brief.</s><user>Hi</s><assistant>"
    assert rendered.head == "<system>Be brief.</s><user>"
    assert rendered.end == "</s>"
    assert rendered.special


def test_chat_without_a_chat_template_is_refused():
    with pytest.raises(RenderError, match="no chat template"):
        render(policy(template="chat"), "Hi")


def test_a_user_template_is_put_around_the_prompt():
    rendered = render(policy(user_template="Q: {prompt} {x}\nA:"), "{prompt}?")
    assert rendered.text == "Q: {prompt}? {x}\nA:\n\n"


def test_a_jinja_file_gets_system_prompt_and_prompt_and_keeps_its_last_line_break(tmp_path):
    file = tmp_path / "t.jinja"
    file.write_text("[{{ system_prompt }}] {{ prompt | upper }}\n", encoding="utf-8")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    rendered = render(policy(template=str(file), template_sha256=digest, system_prompt="S"), "hi")
    assert rendered.text == "[S] HI\n"
    assert rendered.head == "[S] "


def test_a_template_file_that_was_changed_is_refused(tmp_path):
    file = tmp_path / "t.jinja"
    file.write_text("{{ prompt }}", encoding="utf-8")
    with pytest.raises(RenderError, match="was changed"):
        render(policy(template=str(file), template_sha256="0" * 64), "hi")


@pytest.mark.parametrize("source", ["{{ promt }}", "{% if %}", "{{ ''.__class__.__mro__ }}", "{{ 1 / 0 }}"])
def test_a_template_that_fails_is_a_failure_with_its_reason(tmp_path, source):
    file = tmp_path / "t.jinja"
    file.write_text(source, encoding="utf-8")
    with pytest.raises(RenderError, match="template"):
        render(policy(template=str(file)), "hi")


def test_a_template_that_drops_the_prompt_has_no_head(tmp_path):
    file = tmp_path / "t.jinja"
    file.write_text("always the same", encoding="utf-8")
    assert render(policy(template=str(file)), "hi").head == ""


def test_filling_never_reads_what_it_filled_in():
    assert fill("{prompt}|{response}", prompt="{response}", response="{prompt}") == "{response}|{prompt}"
    assert fill("{{prompt}}", prompt="x") == "{x}"


OWN = "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<a>{% endif %}"


def test_a_models_own_chat_template_as_a_file_takes_its_tokens_from_beside_it(tmp_path):
    file, config = tmp_path / "chat_template.jinja", tmp_path / "tokenizer_config.json"
    file.write_text(OWN, encoding="utf-8")
    with pytest.raises(RenderError, match=r"needs bos_token; put the model's tokenizer_config\.json beside"):
        render(policy(template=str(file)), "hi")
    config.write_text(json.dumps({"bos_token": "<s>", "eos_token": {"content": "</s>"}}), encoding="utf-8")
    digest = template_digest(file)
    asked = policy(template=str(file), template_sha256=digest, system_prompt="S")
    rendering._template_file.cache_clear()
    rendered = render(asked, "hi")
    assert (rendered.text, rendered.head) == ("<s><system>S</s><user>hi</s><a>", "<s><system>S</s><user>")
    assert (rendered.end, rendered.special) == ("</s>", True)
    config.write_text(json.dumps({"bos_token": "<S>", "eos_token": "</s>"}), encoding="utf-8")
    assert template_digest(file) != digest
    rendering._template_file.cache_clear()
    with pytest.raises(RenderError, match="was changed"):
        render(asked, "hi")


def test_a_tokenizers_settings_with_the_template_inside(tmp_path):
    config = tmp_path / "tokenizer_config.json"
    named = [{"name": "tool_use", "template": "no"}, {"name": "default", "template": OWN}]
    for template in (OWN, named):
        config.write_text(json.dumps({"chat_template": template, "bos_token": None or "", "eos_token": "</s>"}))
        rendering._template_file.cache_clear()
        assert render(policy(template=str(config)), "hi").text == "<user>hi</s><a>"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{}", "holds no chat_template"),
        ("{", "not valid JSON"),
        (json.dumps({"chat_template": OWN}), "needs bos_token"),
    ],
)
def test_settings_without_what_is_needed_are_refused(tmp_path, content, why):
    config = tmp_path / "tokenizer_config.json"
    config.write_text(content, encoding="utf-8")
    with pytest.raises(RenderError, match=why):
        render(policy(template=str(config)), "hi")


def test_json_in_a_chat_template_is_written_as_it_is():
    chat = ChatFormat("{{ messages[0].content | tojson }}", "")
    assert render(policy(template="chat"), "<é>", chat).text == '"<é>"'
