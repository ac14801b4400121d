"""Measure the texts: how long a prompt is, and how much a response repeats itself."""

import polars as pl

REPETITION_ROWS = 5_000
"""Repetition is measured on so many rows, spread evenly: a distribution needs no more, and words are costly."""

REPETITION_CHARS = 20_000
"""Of each response, so many characters are looked at."""

WINDOW = 4


def text_figures(sample: pl.DataFrame) -> pl.DataFrame:
    """Add `prompt_chars`, and `repetition` (0 to 1) where it is measured."""
    return sample.with_columns(
        prompt_chars=pl.col("prompt").str.len_chars().cast(pl.Int64), repetition=repetition(sample["response"])
    )


def repetition(texts: pl.Series, most: int = REPETITION_ROWS) -> pl.Series:
    """Return the share of a text's four-word sequences that stood in it before; null below four words, or unmeasured.

    seq-rep-4 of Welleck et al., "Neural text generation with unlikelihood training" (2020): 1 − distinct ÷ all.

    Examples
    --------
    >>> repetition(pl.Series(["a b c d e", "a b c d a b c d", "a b", None])).round(3).to_list()
    [0.0, 0.2, None, None]
    """
    n = len(texts)
    rows = pl.int_range(n, eager=True).gather_every(max(1, -(-n // most)))
    words = (
        pl.DataFrame({"row": rows, "text": texts.gather(rows).str.slice(0, REPETITION_CHARS)})
        .with_columns(pl.col("text").str.extract_all(r"\S+").alias("word"))
        .select("row", "word")
        .explode("word")
        .with_columns(pl.col("word").hash(seed=1))
    )
    sequence = sum((pl.col("word").shift(-i).over("row") * (2 * i + 1) for i in range(1, WINDOW)), pl.col("word"))
    counted = (
        words.select("row", sequence.alias("sequence"))
        .drop_nulls()
        .group_by("row")
        .agg(share=1 - pl.col("sequence").n_unique() / pl.len())
    )
    places = pl.DataFrame({"row": pl.int_range(n, eager=True)})
    return places.join(counted, on="row", how="left", maintain_order="left")["share"].cast(pl.Float64)
