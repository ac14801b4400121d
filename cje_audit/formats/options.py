"""What a person may choose about an import."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cje_audit.domain.errors import InputError

FORMATS = ("auto", "jsonl", "json", "csv", "tsv", "parquet", "inspect", "lm_eval", "promptfoo", "logprobs")
UNIT_SCALE = (0.0, 1.0)


@dataclass(frozen=True)
class ImportOptions:
    """How a dataset is to be read.

    Attributes
    ----------
    format
        One of `FORMATS`; `auto` looks at the content first and at the name second.
    mapping
        From a column of the file (`a.b` reaches into an object) to one of our fields.
    clone
        The target policy that is the logging policy scored a second time.
    judge_scale
        Lowest and highest judge score that can occur; declared here, judged by the checks.
    rows_of
        The policy whose responses are the rows, where a log holds those of several; None takes the first.

    Raises
    ------
    InputError
        If the format is unknown or the scale has no width.
    """

    format: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    clone: str | None = None
    judge_scale: tuple[float, float] = UNIT_SCALE
    rows_of: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no file could satisfy."""
        low, high = self.judge_scale
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(
                f"The judge scale {low:g} to {high:g} has no width.",
                expected="a lower end below an upper end, such as 0 1",
                got=f"{low:g} {high:g}",
                what_to_do="Give the lower end first.",
            )
        if self.format not in FORMATS:
            near = difflib.get_close_matches(self.format, FORMATS, n=1)
            raise InputError(
                f"The format {self.format} is not known.",
                expected=", ".join(FORMATS),
                got=self.format,
                what_to_do=f"Use {near[0]}." if near else "Use auto.",
            )
