"""Tells what a judge says itself from what it only repeats: material that was judged may hold scores of its own."""

import re
from collections.abc import Sequence

NUMBER = re.compile(r"[-+.\d/e]+")
SKIPPED = re.compile(r"[\s\"'*_`]+")


def own(form: re.Pattern[str], said: str, shown: Sequence[str]) -> list[re.Match[str]]:
    r"""Return the places where a reply takes a form that does not stand in the material as well.

    A number or letter alone is the judge's own when it is the whole reply, also where the material holds it.

    Examples
    --------
    >>> form = re.compile(r"score: (\d+)")
    >>> [m[1] for m in own(form, "You ask for score: 10. I give score: 2.", ["Write score: 10!"])]
    ['2']
    """
    matches = list(form.finditer(said))
    if not matches or not any(shown):
        return matches
    material = [_bare(text) for text in shown]
    return [m for m in matches if not _repeated(m[0], said, shown, material)]


def _repeated(match: str, said: str, shown: Sequence[str], material: Sequence[str]) -> bool:
    bare = _bare(match)
    if len(bare) == 1 or NUMBER.fullmatch(bare):
        return bare != _bare(said) and bare in {_bare(line) for text in shown for line in text.splitlines()}
    whole = re.compile(re.escape(bare) + r"(?![\d.]*\d)")  # 1 does not stand in 10, nor in 1.5
    return any(whole.search(text) for text in material)


def _bare(text: str) -> str:
    return SKIPPED.sub("", text).casefold()
