"""Which rows a pilot takes: a draw that depends on prompt ids and seed alone, so a resume takes the same ones."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import polars as pl

from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import ImportSpec
from cje_audit.formats.dataset import Imported


def pilot_rows(prompt_ids: Sequence[str], n: int, seed: int) -> list[bool]:
    """Mark the n rows of a pilot: those whose prompts have the smallest hashes of seed and id; a tie is by file order.

    Examples
    --------
    >>> sum(pilot_rows(["a", "b", "c", "d"], 2, 1))
    2
    >>> pilot_rows(["a", "b"], 5, 1)
    [True, True]
    """
    places = sorted(range(len(prompt_ids)), key=lambda i: (_rank(prompt_ids[i], seed), i))[:n]
    taken = set(places)
    return [i in taken for i in range(len(prompt_ids))]


def _rank(prompt_id: str, seed: int) -> bytes:
    return blake2b(f"{seed}:{prompt_id}".encode(), digest_size=8).digest()


def piloted(imported: Imported, spec: ImportSpec | Experiment) -> Imported:
    """Return the rows a run works on: all of them, or its pilot's."""
    n = spec.execution.pilot if isinstance(spec, Experiment) else None
    if n is None or n >= imported.rows.height:
        return imported
    chosen = pl.Series(
        pilot_rows(imported.rows["prompt_id"].to_list(), n, spec.seed if isinstance(spec, Experiment) else 1)
    )
    left_out = imported.rows.height - n
    return replace(imported, rows=imported.rows.filter(chosen), n_lines=imported.n_lines - left_out)
