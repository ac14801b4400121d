"""What is asked of a model when a policy writes a response or a judge scores one."""

import hashlib

from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Policy
from cje_audit.providers.http.dialect import Wish
from cje_audit.providers.rendering import Rendered, RenderError, fill

JUDGE_TOKENS = 512  # room for a judge that thinks aloud before it gives its score
MOST_LIKELY = 20


def policy_wish(policy: Policy, prompt: str, draw: int, rendered: Rendered | None) -> Wish:
    """Return the wish for one response, after the rendered text, or as a chat where there is none.

    Raises
    ------
    RenderError
        When a Jinja template would have to go through a chat.
    """
    if rendered is None and policy.template not in ("chat", "completion"):
        raise RenderError("this provider takes chats only, so a Jinja file cannot be used with it")
    return Wish(
        model=policy.model,
        text=rendered.text if rendered is not None else "",
        messages=_messages(policy, prompt) if rendered is None else (),
        temperature=policy.temperature,
        top_p=policy.top_p,
        max_tokens=policy.max_tokens,
        stop=policy.stop,
        seed=draw_seed(policy.seed, draw),
    )


def judge_wish(judge: Judge, asked: str, draw: int) -> Wish:
    """Return the wish for one judgement: the likeliest words for a single draw, else sampled at temperature 1."""
    odds = judge.kind == "logprob"
    return Wish(
        model=judge.model or "",
        messages=(("user", asked),),
        temperature=0.0 if judge.draws == 1 and not odds else 1.0,
        max_tokens=1 if odds else JUDGE_TOKENS,
        seed=draw_seed(0, draw),
        top_logprobs=MOST_LIKELY if odds else None,
    )


def draw_seed(seed: int, draw: int) -> int:
    """Return the seed of one draw: any 31 bits that differ between draws and between seeds.

    Examples
    --------
    >>> draw_seed(1, 0) == draw_seed(1, 0), draw_seed(1, 0) == draw_seed(1, 1)
    (True, False)
    """
    return int.from_bytes(hashlib.sha256(f"{seed}:{draw}".encode()).digest()[:4]) >> 1


def _messages(policy: Policy, prompt: str) -> tuple[tuple[str, str], ...]:
    user = fill(policy.user_template, prompt=prompt) if policy.user_template is not None else prompt
    system = (("system", policy.system_prompt),) if policy.system_prompt is not None else ()
    return (*system, ("user", user))
