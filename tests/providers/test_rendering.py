import hashlib

import pytest

from cje_audit.domain.policy import Policy
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
