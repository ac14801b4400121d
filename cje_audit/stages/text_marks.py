"""Search all texts once for what should not be in them; later stages read only the columns this leaves."""

from dataclasses import dataclass

import polars as pl

from cje_audit.checks.text_marks import (
    CONTROL_HINTS,
    CONTROL_TOKEN,
    INVENTED_TURN,
    ROLE_HINTS,
    ROLE_MARKER,
    TAIL,
    ends_in_loop,
)


def text_marks(sample: pl.DataFrame) -> pl.DataFrame:
    """Add `control_token` (the first one found, else null), `role_marker`, `invented_turn` and `loop`.

    A cheap search for fixed pieces leaves only few rows for the regular expressions.
    """
    prompt, response = _Hinted.of(sample["prompt"]), _Hinted.of(sample["response"])
    return sample.with_columns(
        control_token=pl.coalesce(prompt.first(CONTROL_TOKEN), response.first(CONTROL_TOKEN)),
        role_marker=prompt.matches(ROLE_MARKER) | response.matches(ROLE_MARKER),
        invented_turn=response.matches(INVENTED_TURN),
        loop=loops(sample["response"]),
    )


@dataclass(frozen=True)
class _Hinted:
    """The texts of a column that hold one of the fixed pieces, and their places among all `n`."""

    n: int
    places: pl.Series
    texts: pl.Series

    @classmethod
    def of(cls, texts: pl.Series) -> "_Hinted":
        places = texts.str.contains_any([*CONTROL_HINTS, *ROLE_HINTS]).arg_true()
        return cls(len(texts), places, texts.gather(places))

    def first(self, pattern: str) -> pl.Series:
        """Return the first match in each text of the column, null where there is none."""
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, self.n)
        return nothing.scatter(self.places, self.texts.str.extract(f"({pattern})"))

    def matches(self, pattern: str) -> pl.Series:
        """Mark the texts of the column that match."""
        return _marked(self.n, self.places.filter(self.texts.str.contains(pattern)))


def _marked(n: int, places: pl.Series) -> pl.Series:
    return pl.Series([False]).new_from_index(0, n).scatter(places, True)


def loops(texts: pl.Series) -> pl.Series:
    """Mark texts that end by repeating themselves; only those whose end occurs three times are looked at closely."""
    body = texts.str.strip_chars_end()
    tail = body.str.slice(-TAIL)
    frame = pl.DataFrame({"body": body, "tail": tail})
    often = frame.select(pl.col("body").str.count_matches(pl.col("tail"), literal=True) >= 3).to_series()
    places = (often & (tail != "")).fill_null(False).arg_true()
    looping = [ends_in_loop(text) for text in body.gather(places)]
    return _marked(len(texts), places.filter(pl.Series(looping, dtype=pl.Boolean)))
