"""Turns a policy and a prompt into the text a model reads: plain completion, chat template, or a Jinja file."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cje_audit.domain.policy import Policy
from cje_audit.domain.template_file import BESIDE, beside, template_digest

ONE_TOKEN = re.compile(r"<[^<>\s]+>")
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


def extended(rendered: Rendered, begun: str) -> Rendered:
    """Return the same with the beginning of a response after it; the rest of the response follows directly."""
    return replace(rendered, text=rendered.text + begun)


def render(policy: Policy, prompt: str, chat: ChatFormat | None = None) -> Rendered:
    r"""Render what a model reads before the response.

    Parameters
    ----------
    policy
        `template` is `completion`, `chat` or a path: of a Jinja file that gets `system_prompt` and `prompt`, of a
        model's own chat template (a Jinja file that reads `messages`), or of its tokenizer_config.json.
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
    found = _template_file(policy.template, policy.template_sha256)
    if isinstance(found, ChatFormat):
        return render_chat(policy.system_prompt, user, found)
    template = found
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
    return Rendered(text, _shared_head(text, said(MARK)), end_of_answer(chat), special=True)


@lru_cache(maxsize=16)
def end_of_answer(chat: ChatFormat) -> str:
    """Return the token that ends an answer: what the template itself puts after one, where that is a single token.

    The tokenizer's end token may be another: Gemma ends a turn with `<end_of_turn>`, but a text with `<eos>`.
    """
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": MARK}]
    try:
        after = render_messages(turns, chat, opening=False).partition(MARK)[2].strip()
    except RenderError:
        return chat.end
    return after if ONE_TOKEN.fullmatch(after) else chat.end


def render_messages(messages: Sequence[Mapping[str, str]], chat: ChatFormat, *, opening: bool = True) -> str:
    """Render a conversation (role and content per turn) and, with `opening`, the beginning of the next answer."""
    return _rendered(
        _chat_template(chat.template),
        messages=messages,
        add_generation_prompt=opening,
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
    environment.filters["tojson"] = _to_json
    return _compiled(source, environment)


def _to_json(value: object, indent: int | None = None) -> str:
    """Write JSON as chat templates expect it: other than Jinja's own, without escapes for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


@lru_cache(maxsize=16)
def _template_file(name: str, sha256: str | None) -> Template | ChatFormat:
    """Read a template file: a plain one, or a model's own chat template with its tokens."""
    path = Path(name)
    try:
        source = path.read_text(encoding="utf-8")
        digest = template_digest(path)
        other = beside(path)
        config = other.read_text(encoding="utf-8") if other is not None else "{}"
    except (OSError, UnicodeDecodeError) as error:
        raise RenderError(f"the template file {path} cannot be read: {error}") from error
    if sha256 is not None and digest != sha256:
        raise RenderError(f"the template file {path} was changed after the run was configured")
    if path.suffix == ".json":
        return _tokenizer_format(path, source, None)
    environment = ImmutableSandboxedEnvironment(keep_trailing_newline=True, undefined=StrictUndefined)
    if "messages" not in _free_names(source):
        return _compiled(source, environment)
    return _tokenizer_format(path, config, source)


def _free_names(source: str) -> set[str]:
    try:
        tree = ImmutableSandboxedEnvironment(extensions=[loopcontrols]).parse(source)
    except TemplateError as error:
        raise RenderError(f"the template is not valid Jinja: {error}") from error
    return set(meta.find_undeclared_variables(tree))


def _tokenizer_format(path: Path, config: str, template: str | None) -> ChatFormat:
    """Read a chat template and its tokens from a tokenizer's settings; a template in a file of its own goes first.

    Nothing stands for a token that the template needs and the settings do not name.
    """
    try:
        document = json.loads(config)
    except ValueError as error:
        raise RenderError(f"the template file {path} is not valid JSON: {error}") from error
    source = template if template is not None else _named_template(document.get("chat_template"))
    if not isinstance(source, str):
        raise RenderError(f"{path} holds no chat_template; name the Jinja file that does")
    start, end = (_token(document.get(name)) for name in ("bos_token", "eos_token"))
    missing = {"bos_token": start, "eos_token": end}
    unknown = sorted(n for n in _free_names(source) & set(missing) if missing[n] is None)
    if unknown and (template is None or beside(path) is None):
        raise RenderError(f"the template needs {unknown[0]}; put the model's {BESIDE} beside {path.name}")
    return ChatFormat(source, end or "", start or "")


def _named_template(found: object) -> object:
    """Return the template called `default` where a tokenizer has several."""
    if not isinstance(found, list):
        return found
    return next((t.get("template") for t in found if isinstance(t, dict) and t.get("name") == "default"), None)


def _token(found: object) -> str | None:
    token = found.get("content") if isinstance(found, dict) else found
    return token if isinstance(token, str) else None


def _compiled(source: str, environment: ImmutableSandboxedEnvironment) -> Template:
    try:
        return environment.from_string(source)
    except Exception as error:
        raise RenderError(f"the template is not valid Jinja: {error}") from error
