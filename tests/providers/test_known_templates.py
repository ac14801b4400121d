"""Known renderings of well-known chat formats; the templates below are written here, as small as the format allows."""

import pytest

from cje_audit.domain.policy import Policy
from cje_audit.providers.rendering import ChatFormat, RenderError, end_of_answer, render, render_messages

LLAMA_3 = ChatFormat(
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
    "{{ m.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}",
    end="<|eot_id|>",
    start="<|begin_of_text|>",
)
LLAMA_4 = ChatFormat(
    "{{ bos_token }}{% for m in messages %}<|header_start|>{{ m['role'] }}<|header_end|>\n\n"
    "{{ m['content'] | trim if m['role'] == 'system' else m['content'] }}<|eot|>{% endfor %}"
    "{% if add_generation_prompt %}<|header_start|>assistant<|header_end|>\n\n{% endif %}",
    end="<|eot|>",
    start="<|begin_of_text|>",
)
CHATML = ChatFormat(
    """{% for m in messages %}
    {{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' -}}
    {% endfor %}
    {% if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' -}}
    {% endif %}
""",
    end="<|im_end|>",
)
QWEN = ChatFormat(
    """{% if messages[0].role != 'system' %}
    {{- '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' -}}
    {% endif %}
"""
    + CHATML.template,
    end="<|im_end|>",
)
GEMMA = ChatFormat(
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    end="<eos>",
    start="<bos>",
)
MISTRAL = ChatFormat(
    "{{ bos_token }}{% set ns = namespace(system='') %}{% for m in messages %}"
    "{% if m.role == 'system' %}{% set ns.system = m.content + '\n\n' %}{% continue %}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ ns.system }}{{ m.content }} [/INST]{% else %} {{ m.content }}{{ eos_token }}"
    "{% endif %}{% endfor %}",
    end="</s>",
    start="<s>",
)
DEEPSEEK = ChatFormat(
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}"
    "{% elif m.role == 'user' %}<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content }}{{ eos_token }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<｜Assistant｜>{% endif %}",
    end="<｜end▁of▁sentence｜>",
    start="<｜begin▁of▁sentence｜>",
)
WITH_SYSTEM = {
    "llama 3": (
        LLAMA_3,
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHi {{ you }}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "llama 4": (
        LLAMA_4,
        "<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|>"
        "<|header_start|>user<|header_end|>\n\nHi {{ you }}<|eot|><|header_start|>assistant<|header_end|>\n\n",
    ),
    "chatml": (
        CHATML,
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi {{ you }}<|im_end|>\n<|im_start|>assistant\n",
    ),
    "qwen": (
        QWEN,
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi {{ you }}<|im_end|>\n<|im_start|>assistant\n",
    ),
    "mistral": (MISTRAL, "<s>[INST] Be brief.\n\nHi {{ you }} [/INST]"),
    "deepseek": (DEEPSEEK, "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi {{ you }}<｜Assistant｜>"),
}
WITHOUT_SYSTEM = {
    "gemma": (GEMMA, "<bos><start_of_turn>user\nHi {{ you }}<end_of_turn>\n<start_of_turn>model\n"),
    "qwen": (
        QWEN,
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi {{ you }}<|im_end|>\n"
        "<|im_start|>assistant\n",
    ),
    "mistral": (MISTRAL, "<s>[INST] Hi {{ you }} [/INST]"),
    "llama 3": (
        LLAMA_3,
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi {{ you }}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
}
PLAIN = Policy(name="p", model="m", template="chat")
BRIEF = PLAIN.model_copy(update={"system_prompt": "Be brief."})


@pytest.mark.parametrize("name", WITH_SYSTEM)
def test_rendering_with_a_system_prompt(name: str) -> None:
    chat, expected = WITH_SYSTEM[name]
    rendered = render(BRIEF, "Hi {{ you }}", chat)
    assert (rendered.text, rendered.end, rendered.special) == (expected, end_of_answer(chat), True)
    assert expected.startswith(rendered.head) and "Be brief." in rendered.head


@pytest.mark.parametrize("name", WITHOUT_SYSTEM)
def test_rendering_without_a_system_prompt(name: str) -> None:
    chat, expected = WITHOUT_SYSTEM[name]
    assert render(PLAIN, "Hi {{ you }}", chat).text == expected


def test_a_template_that_refuses_a_system_prompt_says_so() -> None:
    with pytest.raises(RenderError, match="System role not supported"):
        render(BRIEF, "Hi", GEMMA)


TURNS = [
    {"role": "system", "content": "You are a helpful assistant"},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi there"},
    {"role": "user", "content": "Who are you"},
    {"role": "assistant", "content": "   I am an assistant   "},
    {"role": "user", "content": "Another question"},
]
MISTRAL_7 = ChatFormat(
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }}[/INST]"
    "{% elif m.role == 'system' %}[SYSTEM_PROMPT] {{ m.content }}[/SYSTEM_PROMPT]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
    end="</s>",
)
CONVERSATIONS = {  # as the models' own templates render this conversation in public test suites
    "llama 3": (
        LLAMA_3,
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nYou are a helpful assistant<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nHi there<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nWho are you<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\nI am an assistant<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nAnother question<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
    ),
    "llama 4": (
        LLAMA_4,
        "<|begin_of_text|><|header_start|>system<|header_end|>\n\nYou are a helpful assistant<|eot|>"
        "<|header_start|>user<|header_end|>\n\nHello<|eot|><|header_start|>assistant<|header_end|>\n\nHi there<|eot|>"
        "<|header_start|>user<|header_end|>\n\nWho are you<|eot|>"
        "<|header_start|>assistant<|header_end|>\n\n   I am an assistant   <|eot|>"
        "<|header_start|>user<|header_end|>\n\nAnother question<|eot|><|header_start|>assistant<|header_end|>\n\n",
    ),
    "chatml": (
        CHATML,
        "<|im_start|>system\nYou are a helpful assistant<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\nHi there<|im_end|>\n<|im_start|>user\nWho are you<|im_end|>\n"
        "<|im_start|>assistant\n   I am an assistant   <|im_end|>\n<|im_start|>user\nAnother question<|im_end|>\n"
        "<|im_start|>assistant\n",
    ),
    "mistral 7": (
        MISTRAL_7,
        "[SYSTEM_PROMPT] You are a helpful assistant[/SYSTEM_PROMPT][INST] Hello[/INST] Hi there</s>"
        "[INST] Who are you[/INST]    I am an assistant   </s>[INST] Another question[/INST]",
    ),
    "deepseek": (
        DEEPSEEK,
        "<｜begin▁of▁sentence｜>You are a helpful assistant<｜User｜>Hello<｜Assistant｜>Hi there<｜end▁of▁sentence｜>"
        "<｜User｜>Who are you<｜Assistant｜>   I am an assistant   <｜end▁of▁sentence｜>"
        "<｜User｜>Another question<｜Assistant｜>",
    ),
}
GEMMA_TURNS = (
    "<bos><start_of_turn>user\nHello<end_of_turn>\n<start_of_turn>model\nHi there<end_of_turn>\n"
    "<start_of_turn>user\nWho are you<end_of_turn>\n<start_of_turn>model\nI am an assistant<end_of_turn>\n"
    "<start_of_turn>user\nAnother question<end_of_turn>\n<start_of_turn>model\n"
)
ENDS = [
    (LLAMA_3, "<|eot_id|>"), (LLAMA_4, "<|eot|>"), (CHATML, "<|im_end|>"), (QWEN, "<|im_end|>"),
    (GEMMA, "<end_of_turn>"), (MISTRAL, "</s>"), (DEEPSEEK, "<｜end▁of▁sentence｜>"),
]  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_whole_conversation(name: str) -> None:
    chat, expected = CONVERSATIONS[name]
    assert render_messages(TURNS, chat) == expected


def test_a_whole_conversation_of_a_model_without_system_prompts() -> None:
    assert render_messages(TURNS[1:], GEMMA) == GEMMA_TURNS


@pytest.mark.parametrize(("chat", "end"), ENDS)
def test_the_token_that_ends_an_answer_is_the_templates_own(chat: ChatFormat, end: str) -> None:
    """Gemma's tokenizer names another one, which ends texts and no turns."""
    assert end_of_answer(chat) == end
    assert render(PLAIN, "Hi", chat).end == end
