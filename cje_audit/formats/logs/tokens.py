"""Log-probs that a tool kept of its own generation: used where the tokens spell the response, else left out."""

from collections.abc import Sequence

from cje_audit.formats.chunks import Record

GENERATED = (
    "The log-probabilities of the logged responses are those of generation; every target policy must be scored by the "
    "same server and settings."
)
MISSPELT = "Where the kept tokens do not spell the response, their log-probabilities were left out."


def of_generation(response: str, tokens: Sequence[object], values: Sequence[object]) -> tuple[Record, str | None]:
    """Return the fields that kept tokens give a row, and the note that belongs to it.

    Examples
    --------
    >>> of_generation("Yes.", ["Yes", "."], [-0.5, -0.25])[0]["logging_logprob"]
    -0.75
    >>> of_generation("No.", ["Yes", "."], [-0.5, -0.25])[0], of_generation("No.", [], [])
    ({}, ({}, None))
    """
    texts = [t for t in tokens if isinstance(t, str)]
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if not numbers:
        return {}, None
    spelt = len(texts) == len(tokens) == len(numbers) == len(values) and "".join(texts).strip() == response.strip()
    if not spelt:
        return {}, MISSPELT
    fields: Record = {"logging_logprob": sum(numbers), "logging_token_logprobs": numbers, "tokens": texts}
    return fields, GENERATED
