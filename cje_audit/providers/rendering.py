"""Turns a policy and a prompt into the text a model reads: plain completion, chat template, or a Jinja file."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from jinja2 import StrictUndefined, Template
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cje_audit.domain.policy import Policy

MARK = "\ue000\ue001\ue000"  # private-use characters: a text no prompt holds


class RenderError(Exception):
    """The template cannot be rendered; the message says why."""


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """A model's own chat template (Jinja), its beginning-of-text token and the token that ends an answer."""

    template: str
    end: str
    start: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text before the response.

    Attributes
    ----------
    text
        All of it; the response follows directly.
    head
        The part of `text`, from its beginning, that every prompt of this policy shares (may be empty).
    end
        The end token as text, where the template has one.
    special
        Whether control tokens written in the text are meant as such.
    """

    text: str
    head: str
    end: str | None
    special: bool


def render(policy: Policy, prompt: str, chat: ChatFormat | None = None) -> Rendered:
    r"""Render what a model reads before the response.

    Parameters
    ----------
    policy
        `template` is `completion`, `chat` or the path of a Jinja file that gets `system_prompt` and `prompt`.
    prompt
        The prompt; `user_template`, where set, is put around it first.
    chat
        The model's own chat format; needed by the template `chat`.

    Raises
    ------
    RenderError
        When the template is missing, was changed, or fails.

    Examples
    --------
    >>> render(Policy(name="a", model="m", system_prompt="Be brief."), "2 + 2 =").text
    'Be brief.\n\n2 + 2 =\n\n'
    """
    user = fill(policy.user_template, prompt=prompt) if policy.user_template is not None else prompt
    if policy.template == "completion":
        head = f"{policy.system_prompt}\n\n" if policy.system_prompt is not None else ""
        return Rendered(f"{head}{user}\n\n", head, None, special=False)
    if policy.template == "chat":
        return render_chat(policy.system_prompt, user, chat)
    template = _file_template(policy.template, policy.template_sha256)
    text = _rendered(template, system_prompt=policy.system_prompt, prompt=user)
    marked = _rendered(template, system_prompt=policy.system_prompt, prompt=MARK)
    return Rendered(text, _shared_head(text, marked), None, special=True)


def render_chat(system_prompt: str | None, user: str, chat: ChatFormat | None) -> Rendered:
    """Render one user turn, and the opening of the answer, with the model's own chat template."""
    if chat is None:
        raise RenderError("this endpoint gives no chat template; use completion or a Jinja file")
    system = [{"role": "system", "content": system_prompt}] if system_prompt is not None else []

    def said(content: str) -> str:
        return render_messages([*system, {"role": "user", "content": content}], chat)

    text = said(user)
    return Rendered(text, _shared_head(text, said(MARK)), chat.end, special=True)


def render_messages(messages: Sequence[Mapping[str, str]], chat: ChatFormat) -> str:
    """Render a conversation (role and content per turn) and the opening of the next answer."""
    return _rendered(
        _chat_template(chat.template),
        messages=messages,
        add_generation_prompt=True,
        bos_token=chat.start,
        eos_token=chat.end,
        raise_exception=_refuse,
    )


def _refuse(message: str) -> NoReturn:
    """Fail as a chat template asks to; the templates know this function as raise_exception."""
    raise RenderError(message)


def fill(template: str, **values: str) -> str:
    """Put values into `{name}` places in one pass; other braces, and braces inside values, stay as they are.

    Examples
    --------
    >>> fill("Q: {prompt} {x}", prompt="{response}", response="no")
    'Q: {response} {x}'
    """
    if not values:
        return template
    places = "|".join(re.escape(name) for name in values)
    return re.sub(rf"\{{({places})\}}", lambda found: values[found[1]], template)


def _shared_head(text: str, marked: str) -> str:
    head, mark, _ = marked.partition(MARK)
    return head if mark and text.startswith(head) else ""


def _rendered(template: Template, **values: object) -> str:
    try:
        return template.render(**values)
    except Exception as error:  # a template is a program: whatever it raises is its own failure
        raise RenderError(f"the template failed: {error}") from error


@lru_cache(maxsize=16)
def _chat_template(source: str) -> Template:
    # Chat templates are written for these two whitespace settings, and may break out of a loop.
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    return _compiled(source, environment)


@lru_cache(maxsize=16)
def _file_template(path: str, sha256: str | None) -> Template:
    try:
        content = Path(path).read_bytes()
        source = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(f"the template file {path} cannot be read: {error}") from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise RenderError(f"the template file {path} was changed after the run was configured")
    return _compiled(source, ImmutableSandboxedEnvironment(keep_trailing_newline=True, undefined=StrictUndefined))


def _compiled(source: str, environment: ImmutableSandboxedEnvironment) -> Template:
    try:
        return environment.from_string(source)
    except Exception as error:
        raise RenderError(f"the template is not valid Jinja: {error}") from error
