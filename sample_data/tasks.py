"""The prompts of the sample experiment, and the program that says how good an answer is.

Every prompt has one correct answer that a program can check. `label` returns the oracle label in [0, 1]:
1 for a correct answer and nothing else wrong, .5 for a correct answer in another form than was asked for, 0 otherwise.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

WORDS = (
    "cat", "dog", "house", "river", "stone", "apple", "bread", "green", "window", "garden", "table", "silver",
    "mountain", "yellow", "kitchen", "doctor", "pencil", "summer", "winter", "flower", "bridge", "castle",
    "monkey", "orange", "planet", "rocket", "basket", "candle", "forest", "island", "market", "needle", "parrot",
    "rabbit", "saddle", "tunnel", "violin", "wagon", "zebra", "anchor", "button", "carpet", "dragon", "engine",
    "feather", "guitar", "hammer", "jacket",
)  # fmt: skip

YES = (
    "Is Paris the capital of France?", "Is water made of hydrogen and oxygen?", "Does the Earth go around the Sun?",
    "Is ten larger than seven?", "Do fish live in water?", "Is the Pacific an ocean?", "Is gold a metal?",
    "Does a week have seven days?", "Is a spider smaller than an elephant?", "Is Japan in Asia?",
    "Is ice frozen water?", "Does a triangle have three sides?", "Is Monday before Tuesday?", "Is a rose a flower?",
    "Is the Moon smaller than the Earth?", "Do birds lay eggs?", "Is Berlin a city in Germany?", "Is milk white?",
    "Does a year have twelve months?", "Is a whale a mammal?", "Is Shakespeare known for writing plays?",
    "Is the human heart a muscle?", "Is Mount Everest a mountain?", "Is an hour longer than a minute?",
    "Is Brazil in South America?", "Is a violin a musical instrument?", "Does the Sun give light?",
    "Is iron harder than butter?", "Is a decade ten years long?", "Do bees make honey?", "Is Spain in Europe?",
    "Is the number four even?", "Is Egypt in Africa?", "Does a bicycle have two wheels?", "Is snow cold?",
    "Is a hundred larger than ten?", "Is a dolphin an animal?", "Is grass usually green?", "Is Mars a planet?",
    "Is Saturday part of the weekend?",
)  # fmt: skip
NO = (
    "Is Rome the capital of Spain?", "Is the Sun colder than ice?", "Does a square have five sides?",
    "Is three larger than nine?", "Do cats have wings?", "Is the Sahara an ocean?", "Is wood a metal?",
    "Does a week have ten days?", "Is a mouse larger than a horse?", "Is Canada in Africa?", "Is fire cold?",
    "Does a circle have corners?", "Is Friday before Thursday?", "Is a carrot a bird?",
    "Is the Earth smaller than the Moon?", "Do dogs lay eggs?", "Is London a city in Italy?", "Is coal white?",
    "Does a year have twenty months?", "Is a shark a mammal?", "Is Mozart known for painting?",
    "Is a brick softer than a pillow?", "Is the Nile a mountain?", "Is a minute longer than a day?",
    "Is Norway in South America?", "Is a spoon a musical instrument?", "Does the Moon make its own light?",
    "Is paper harder than steel?", "Is a century ten years long?", "Do cows make honey?", "Is Mexico in Europe?",
    "Is the number seven even?", "Is Sweden in Africa?", "Does a car have nine wheels?", "Is lava cold?",
    "Is five larger than fifty?", "Is a chair an animal?", "Is the sky usually green?", "Is Mars a star?",
    "Is Wednesday part of the weekend?",
)  # fmt: skip

Check = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Task:
    """One prompt with its category and the answer its checking program expects."""

    prompt_id: str
    category: str
    prompt: str
    answer: str


def all_tasks() -> list[Task]:
    """Return the 320 prompts, always the same, in one fixed mixed order."""
    made = [*_arithmetic(), *_facts(), *_spelling(), *_formats()]
    random.Random("order").shuffle(made)
    return [Task(f"{task.category}-{n:03d}", task.category, task.prompt, task.answer) for n, task in enumerate(made)]


def label(task: Task, response: str) -> float:
    """Return the oracle label of a response: 1, .5 or 0."""
    return CHECKS[task.category](task.answer, response)


def _arithmetic() -> list[Task]:
    pairs = [(a, b) for a in range(2, 15) for b in range(2, 10)]
    random.Random("arithmetic").shuffle(pairs)
    sums = [Task("", "arithmetic", f"What is {a} + {b}?", str(a + b)) for a, b in pairs[:40]]
    rests = [Task("", "arithmetic", f"What is {a + b} - {b}?", str(a)) for a, b in pairs[40:60]]
    products = [Task("", "arithmetic", f"What is {a} times {b}?", str(a * b)) for a, b in pairs[60:80]]
    return [*sums, *rests, *products]


def _facts() -> list[Task]:
    return [Task("", "fact", q, "yes") for q in YES] + [Task("", "fact", q, "no") for q in NO]


def _spelling() -> list[Task]:
    first = [Task("", "spelling", f"What is the first letter of the word {w}?", w[0]) for w in WORDS[:30]]
    last = [Task("", "spelling", f"What is the last letter of the word {w}?", w[-1]) for w in WORDS[18:48]]
    spelt = [Task("", "spelling", f"Spell the word {w} with hyphens.", "-".join(w)) for w in WORDS[10:30]]
    return [*first, *last, *spelt]


def _formats() -> list[Task]:
    upper = [Task("", "format", f"Write the word {w} in capital letters.", w.upper()) for w in WORDS[:40]]
    said = [Task("", "format", f"Repeat this word and nothing else: {w}", w) for w in WORDS[8:48]]
    return [*upper, *said]


def _check_number(answer: str, response: str) -> float:
    """Take the last number said; in an answer of at most six words it earns the whole mark."""
    numbers = re.findall(r"-?\d+", response)
    if not numbers or numbers[-1] != answer:
        return 0.0
    return 1.0 if len(response.split()) <= 6 else 0.5


def _check_fact(answer: str, response: str) -> float:
    """Take the first yes or no; as the first word it earns the whole mark."""
    words = re.findall(r"[a-z]+", response.lower())
    said = [word for word in words if word in ("yes", "no")]
    if not said or said[0] != answer:
        return 0.0
    return 1.0 if words[0] == answer else 0.5


def _check_spelling(answer: str, response: str) -> float:
    """Want the hyphenated word in full, or the right letter as the last single letter said (short: the whole mark)."""
    said = response.lower()
    if "-" in answer:
        return 1.0 if re.search(rf"(?<![\w-]){re.escape(answer)}(?![\w-])", said) else 0.0
    letters = re.findall(r"(?<![\w'])[a-z](?![\w'])", said)
    if not letters or letters[-1] != answer:
        return 0.0
    return 1.0 if len(said.split()) <= 10 else 0.5


def _check_format(answer: str, response: str) -> float:
    """Want the exact word; alone (but for quotes, stars or a full stop) it earns the whole mark."""
    if not re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", response):
        return 0.0
    return 1.0 if re.sub(r"[\s\"'.*!]", "", response) == answer else 0.5


CHECKS: dict[str, Callable[[str, str], float]] = {
    "arithmetic": _check_number,
    "fact": _check_fact,
    "spelling": _check_spelling,
    "format": _check_format,
}
