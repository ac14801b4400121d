"""What checks look at: the rows of a run as plain columns, in `n_total` order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cje_audit.numerics.prompts import Prompts, by_prompt

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.object_]


def equals(values: Codes, wanted: str | None) -> Bools:
    """Mark where an object array holds a string, or None; bool (n,).

    Examples
    --------
    >>> equals(np.array(["sentinel", None], dtype=object), None).tolist()
    [False, True]
    """
    marked: Bools = np.asarray(values == np.array([wanted], dtype=object), dtype=np.bool_)
    return marked


@dataclass(frozen=True, eq=False)
class Column:
    """One measured column.

    Attributes
    ----------
    values
        float64, shape (n,). NaN marks a missing cell and nothing else does: no number stands for a failure.
    codes
        object, shape (n,). None where there is a value, a failure code (str) where it is missing.
    reported
        What the file or provider delivered before any check, for showing; NaN where nothing came.
    """

    values: Floats
    codes: Codes
    reported: Floats

    @property
    def ok(self) -> Bools:
        """Rows with a value."""
        return ~np.isnan(self.values)

    @property
    def n_ok(self) -> int:
        """How many rows have a value."""
        return int(np.count_nonzero(self.ok))


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows behind the columns.

    Attributes
    ----------
    row_ids
        str objects, shape (n,): `prompt_id`, or `prompt_id#draw` where draw > 0.
    cluster
        int64, shape (n,): one number per prompt_id; standard errors are clustered by it.
    text_key
        int64, shape (n,): equal exactly when prompt and response are equal.
    response_chars
        int64, shape (n,): length of the response in characters; -1 is never used, see `has_response`.
    response_tokens
        float64, shape (n,): number of response tokens; NaN where unknown.
    has_response, blank_response
        bool, shape (n,): a response is there; it is only white space.
    finish_reason
        object, shape (n,): `stop`, `length`, another word of the provider, or None where unknown.
    """

    row_ids: NDArray[np.object_]
    cluster: Ints
    text_key: Ints
    response_chars: Ints
    response_tokens: Floats
    has_response: Bools
    blank_response: Bools
    finish_reason: NDArray[np.object_]

    @property
    def n(self) -> int:
        """n_total: rows left after exact duplicates and quarantined lines are taken out."""
        return len(self.row_ids)

    @cached_property
    def prompts(self) -> Prompts:
        """The rows grouped by prompt, once."""
        return by_prompt(self.cluster)


@dataclass(frozen=True, eq=False)
class PolicyFacts:
    """What is known about one policy beside its column. `identity` is None for imported columns without one."""

    name: str
    role: str
    identity: str | None = None
    from_stored_answers: bool = False
    sampling: Mapping[str, float] = field(default_factory=dict)
