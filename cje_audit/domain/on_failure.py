"""What a failed row does to a run: the three failure policies, and what each does to the estimates, in words."""

from collections.abc import Mapping
from typing import Literal, get_args

OnFailure = Literal["fail_fast", "mark_missing", "skip_row"]
AskingStage = Literal["logging_policy", "target_policy", "judge"]
DEFAULT: OnFailure = "mark_missing"
WORDS: tuple[str, ...] = get_args(OnFailure)
ASKING: tuple[AskingStage, ...] = get_args(AskingStage)

EFFECTS: Mapping[OnFailure, str] = {
    "fail_fast": "The first row that fails for good stops the run. Nothing is estimated before it is resumed; what was "
    "answered stays stored.",
    "mark_missing": "A failed row is missing for its own policy only. That policy's estimate rests on its other rows, "
    "and its bounds say how far the missing ones could move it.",
    "skip_row": "A failed row is left out for every policy, so that all of them rest on the same rows. The report "
    "says how many and why; n_total stays, and every estimate has fewer rows.",
}


def effects(of_stage: Mapping[AskingStage, OnFailure]) -> tuple[str, ...]:
    """Say what a failed row does: once where every stage does the same, else stage by stage.

    Examples
    --------
    >>> effects(dict.fromkeys(ASKING, "mark_missing"))[0][:51]
    'mark_missing: A failed row is missing for its own p'
    >>> [told[:23] for told in effects({"target_policy": "skip_row", "judge": "fail_fast"})]
    ['skip_row (target_policy', 'fail_fast (judge): The ']
    """
    chosen = dict.fromkeys(of_stage.values())
    if len(chosen) == 1:
        return tuple(f"{word}: {EFFECTS[word]}" for word in chosen)
    stages = {word: ", ".join(s for s, w in of_stage.items() if w == word) for word in chosen}
    return tuple(f"{word} ({stages[word]}): {EFFECTS[word]}" for word in chosen)


def known(given: object) -> object:
    """Pass on one word, or a word per asking stage.

    Raises
    ------
    ValueError
        Naming what may stand there.

    Examples
    --------
    >>> known({"judge": "skip_row"})
    {'judge': 'skip_row'}
    """
    words = given.values() if isinstance(given, dict) else (given,)
    stages = given if isinstance(given, dict) else ()
    if any(word not in WORDS for word in words):
        raise ValueError(f"write one of {', '.join(WORDS)}, or one of them per stage")
    if any(stage not in ASKING for stage in stages):
        raise ValueError(f"a stage that asks is {', '.join(ASKING)}")
    return given
