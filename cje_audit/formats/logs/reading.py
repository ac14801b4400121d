"""What the readers of logs are told, and what they settle: the mapping, and whose responses are the rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from cje_audit.domain.errors import InputError


@dataclass
class LogReading:
    """One import's reading of logs.

    `rows_of` is the policy whose responses are the rows: the one asked for, else the first that is met; responses of
    others are passed over and counted.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    rows_of: str | None = None
    passed: Counter[str] = field(default_factory=Counter)

    def mapped_to(self, wanted: str, prefix: str) -> str | None:
        """Return the column with this prefix that is to be read as a field, without the prefix.

        Examples
        --------
        >>> LogReading({"scores.judge": "judge_score"}).mapped_to("judge_score", "scores.")
        'judge'
        """
        columns = (c for c, meaning in self.mapping.items() if meaning == wanted and c.startswith(prefix))
        return next((column.removeprefix(prefix) for column in columns), None)

    def admits(self, policy: str | None) -> bool:
        """Say whether a response of this policy is a row."""
        if policy is None:
            return True
        self.rows_of = self.rows_of or policy
        if policy != self.rows_of:
            self.passed[policy] += 1
        return policy == self.rows_of

    def told(self) -> list[str]:
        """Return what is to be said about responses that were passed over."""
        if not self.passed:
            return []
        others = ", ".join(f"{n:,} of {policy}" for policy, n in self.passed.items())
        return [f"The rows are the responses of {self.rows_of}; passed over: {others}. Choose with --rows-of POLICY."]

    def refuse_nothing_of_it(self, n_rows: int) -> None:
        """Raise if responses of one policy were asked for and there are only others."""
        if self.passed and not n_rows:
            raise InputError(
                f"The log has no response of {self.rows_of}.",
                expected=", ".join(self.passed),
                got=self.rows_of,
                what_to_do="Name one of the policies that are there.",
            )
