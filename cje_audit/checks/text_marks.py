"""Marks that should not be in a text: chat-template tokens, role markers, invented turns, loops."""

import re
from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated, row_status
from cje_audit.checks.frame import Bools, Codes, Rows, equals
from cje_audit.checks.words import count
from cje_audit.domain.checks import Check, CheckStatus

CONTROL_HINTS = (
    "<|", "<｜", "INST]", "SYS>>", "_of_turn>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[AVAILABLE_TOOLS]",
    "[TOOL_CALLS]", "[TOOL_RESULTS]", "</s>", "<s>",
)  # fmt: skip
"""Pieces of which every control token holds at least one; texts without any need no closer look."""

CONTROL_TOKEN = "|".join(
    (
        r"<\|[A-Za-z][A-Za-z0-9_]{1,40}\|>",  # ChatML, Qwen, Llama 3 and 4, Phi, Harmony, Command R
        r"<｜[^｜<>\s]{1,40}｜>",  # DeepSeek
        r"\[/?INST\]", r"<</?SYS>>",  # Llama 2, Mistral
        r"\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]",  # Mistral
        r"<(?:start|end)_of_turn>",  # Gemma
        r"\A\s*<s>(?:\s*\[|[^<]*\z)", r"</s>\s*\z",  # sentence marks at the ends; inside they may be HTML
    )
)  # fmt: skip
"""One chat-template control token of Llama 2/3/4, ChatML, Gemma, Mistral, Qwen, DeepSeek or Phi."""

ROLE_HINTS = ("User:", "Assistant:", "Human:", "USER:", "ASSISTANT:", "HUMAN:", "User :", "Assistant :",
              "User**:", "Assistant**:", "Human**:", "### Instruction", "### Response", "### Human",
              "### User", "### Assistant")  # fmt: skip
ROLE_MARKER = (
    r"(?:\A|[\s*>])(?:User|Assistant|Human|USER|ASSISTANT|HUMAN)(?:\*\*)?\s?:"
    r"|(?:\A|\n)### (?:Instruction|Response|Human|User|Assistant)\b"
)
INVENTED_TURN = (
    r"\S\s*\n\s*(?:\*\*)?(?:User|Human|USER|HUMAN|Assistant|ASSISTANT)(?:\*\*)?\s?:"
    r"|\S\s*\n### (?:Instruction|Human|User)\b"
    r"|\S\s+(?:User|Human|USER|HUMAN)\s?:.*?\s(?:Assistant|ASSISTANT|AI)\s?:"
)
TAIL = 20
"""Characters at the end of a response that a loop must repeat."""

BLANKS_LOST = 2
"""White space that stripping the end takes from the last repetition."""


@dataclass(frozen=True, eq=False)
class TextMarks:
    """What was found in the texts, all of shape (n,).

    `control` (object) is the first control token in prompt or response, None where there is none; `role_marker` (bool)
    marks `User:` and its like in either; `invented_turn` and `loop` (bool) are about the response alone.
    """

    control: Codes
    role_marker: Bools
    invented_turn: Bools
    loop: Bools


def ends_in_loop(text: str) -> bool:
    """Say whether a text ends by repeating itself: four times, or three where the unit has 40 characters and more.

    The repetition must cover 100 characters and contain a letter or digit, so that rules and borders do not count.

    Examples
    --------
    >>> ends_in_loop("It is so. " * 12), ends_in_loop("It is so. And that is all there is to say about it.")
    (True, False)
    """
    body = text.rstrip()
    tail = body[-TAIL:]
    before = body.rfind(tail, 0, len(body) - 1)
    if before < 0 or len(tail) < TAIL:
        return False
    period = len(body) - len(tail) - before
    times = (_periodic_end(body, period) + BLANKS_LOST) // period
    enough = times >= thresholds.LOOP_TIMES or (times == thresholds.LOOP_TIMES - 1 and period >= 2 * TAIL)
    long = times * period >= thresholds.LOOP_CHARS
    return enough and long and re.search(r"[^\W_]", body[-period:]) is not None


def _periodic_end(text: str, period: int) -> int:
    """Return how many characters at the end repeat with this period."""
    unit, whole = text[-period:], period
    while whole + period <= len(text) and text.endswith(unit, 0, len(text) - whole):
        whole += period
    while whole < len(text) and text[-whole - 1] == text[-whole - 1 + period]:
        whole += 1
    return whole


def template_contamination(marks: TextMarks | None, rows: Rows) -> Check:
    """Ask for control tokens (from one row) and role markers (from 1 % and five rows) in prompts and responses."""
    check = "dataset.template_contamination"
    if marks is None:
        return not_evaluated(check, "the texts are not at hand")
    control = ~equals(marks.control, None)
    n_control, n_role = int(control.sum()), int(np.count_nonzero(marks.role_marker))
    roles_speak = is_many(n_role, rows.n)
    mask = control | marks.role_marker if roles_speak else control
    n = int(np.count_nonzero(mask))
    status = row_status(n, rows.n)
    return Check(
        id=check,
        status=status,
        value=n / rows.n if rows.n else None,
        threshold=thresholds.ROW_FAULT_FAIL,
        n_affected=n,
        sentence=_contamination_sentence(marks, control, n_control, n_role if roles_speak else None, rows.n),
        what_to_do="Remove the template from the texts; it belongs to the policy, which adds it when it scores."
        if n
        else None,
        example_ids=examples(rows, mask),
    )


def _contamination_sentence(marks: TextMarks, control: Bools, n_control: int, n_role: int | None, n: int) -> str:
    said = []
    if n_control:
        first = marks.control[np.flatnonzero(control)[0]]
        said.append(f"{count(n_control, n)} rows hold a chat-template control token such as {first}")
    if n_role is not None:
        said.append(f"{count(n_role, n)} rows hold a role marker such as User: or Assistant:")
    return " and ".join(said) + "." if said else "No prompt or response holds parts of a chat template."


def is_many(n_found: int, n: int) -> bool:
    """Say whether so many rows carry a mark that it is no accident: 1 % and five rows."""
    return n_found >= thresholds.TEXT_MARK_ROWS and n_found >= thresholds.TEXT_MARK_SHARE * n


def runaway(marks: TextMarks | None, rows: Rows) -> Check:
    """Ask whether responses go on past their end: turns invented for the other side, or loops."""
    check = "dataset.runaway"
    if marks is None:
        return not_evaluated(check, "the texts are not at hand")
    mask = marks.invented_turn | marks.loop
    n, n_turn, n_loop = (int(np.count_nonzero(m)) for m in (mask, marks.invented_turn, marks.loop))
    speaks = is_many(n, rows.n)
    status = row_status(n, rows.n) if speaks else CheckStatus.PASS
    said = (
        f"{count(n, rows.n)} responses go on past their end ({n_turn} invent a next turn, {n_loop} repeat themselves)"
    )
    return Check(
        id=check,
        status=status,
        value=n / rows.n if rows.n else None,
        threshold=thresholds.TEXT_MARK_SHARE,
        n_affected=n,
        sentence=f"{said}." if n else "No response goes on past its end.",
        what_to_do="Give the policy its stop sequences, or cut these responses, then score and judge them again."
        if speaks
        else None,
        example_ids=examples(rows, mask) if speaks else (),
    )
