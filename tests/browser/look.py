"""What is wrong with how a page looks: sideways scrolling, clipped words, words on words, values nobody put into words."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser.tab import still

LOOKS = ((1440, "light"), (1440, "dark"), (390, "dark"), (390, "light"))
BACKGROUND = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 29)"}
SEEN = Path(__file__).with_name("look.js").read_text(encoding="utf-8")
RAW = re.compile(r"\b(nan|NaN|None|inf|Infinity|NULL|undefined|Traceback|[A-Z]\w+(?:Error|Exception))\b")

ABBREVIATION = re.compile(r"(?<![_\w])([A-Z]{2,}(?![_\w])|k̂|Cressie–Read|Student t|Holm|Benjamini|nat(?=s?\b))")
COMMON = {"API", "CJE", "CSV", "HTML", "HTTP", "ID", "JSON", "JSONL", "MB", "OK", "TSV", "URL", "UTC", "YAML", "YML"}
QUOTED = ("Prompt: ", "Response: ")
ASKED_FOR = {"RUN", "CONFIG"}  # what a person puts in place of them in a command


def seen(tab: Any, what: str) -> list[str]:
    """Return what one function of look.js finds in a tab."""
    return list(tab.evaluate(f"{SEEN}.{what}()"))


def wrong(tab: Any) -> list[str]:
    """Return what is wrong with what a tab shows now."""
    found = [f"wider than its window: {x}" for x in seen(tab, "wider")]
    found += [f"clipped: {x}" for x in seen(tab, "clipped")]
    found += [f"overlapping: {x}" for x in seen(tab, "overlapping")]
    found += ["an exception"] if tab.get_by_test_id("stException").count() else []
    return found + [f"raw {m.group()}: {word.strip()[:80]}" for word in seen(tab, "words") if (m := RAW.search(word))]


def looks(tab: Any, shots: Path, name: str) -> Iterator[str]:
    """Look at a loaded page at every width in every scheme, whole height; take a picture; give what is wrong."""
    for width, scheme in LOOKS:
        tab.emulate_media(color_scheme=scheme)
        tab.set_viewport_size({"width": width, "height": 900})
        stands(tab, scheme)
        height = tab.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        tab.set_viewport_size({"width": width, "height": min(height + 8, 12_000)})
        stands(tab, scheme)
        tab.screenshot(path=shots / f"{name}-{width}-{scheme}.png")
        yield from (f"{name} at {width} px, {scheme}: {what}" for what in wrong(tab))


def stands(tab: Any, scheme: str) -> None:
    """Wait until nothing is being fetched, drawn again or fading any more."""
    tab.wait_for_function(
        f"background => {SEEN}.stands(background)", arg=BACKGROUND[scheme], polling=120, timeout=60_000
    )


def unfold(tab: Any) -> None:
    """Open every part that is folded away."""
    closed = tab.locator("[data-testid=stExpander] details:not([open]) summary")
    closed.evaluate_all("all => all.forEach(s => s.click())")
    still(tab)


def unexplained(tab: Any) -> list[str]:
    """Return the abbreviations of a page that its list of words does not explain; look at that list too."""
    shown = seen(tab, "prose")
    tab.get_by_role("button", name="Words").click()
    told = set(ABBREVIATION.findall(tab.get_by_test_id("stPopoverBody").inner_text()))
    found = [f"in the list of words: {what}" for what in wrong(tab)]
    tab.keyboard.press("Escape")
    used = {
        m.group(1): text.strip()[:80]
        for text in shown
        if not text.startswith(QUOTED)
        for m in ABBREVIATION.finditer(text)
    }
    return found + [f"unexplained {a}: {text}" for a, text in used.items() if a not in COMMON | ASKED_FOR | told]
