"""The error tree. Every message says what was expected, what came, and what to do.

AuditError
├── ConfigError        the experiment file or an option is not valid
├── InputError         a file that was given cannot be used
├── NotFound           no such run, policy or row
├── NotAllowed         the acting person may not do this
├── StoreError         a database cannot be used
│   └── StoreLocked    another process is writing it
├── ModelMissing       the embedded model has not been fetched
└── UnwrapError        a failed result was asked for its value
"""

from typing import TypedDict


class ErrorDocument(TypedDict):
    """The JSON form of an error (contract, exit code 2)."""

    sentence: str
    expected: str | None
    got: str | None
    what_to_do: str | None


class AuditError(Exception):
    """Base of every error a user may see: one plain sentence and, where known, expected, got and what to do."""

    def __init__(
        self, sentence: str, *, expected: str | None = None, got: str | None = None, what_to_do: str | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.expected = expected
        self.got = got
        self.what_to_do = what_to_do

    def document(self) -> ErrorDocument:
        """Return the error as the JSON object of the contract."""
        return {"sentence": self.sentence, "expected": self.expected, "got": self.got, "what_to_do": self.what_to_do}


class ConfigError(AuditError):
    """The experiment file or an option is not valid."""


class InputError(AuditError):
    """A file that was given cannot be used."""


class NotFound(AuditError):
    """No such run, policy or row."""


class NotAllowed(AuditError):
    """The acting person may not do this."""


class StoreError(AuditError):
    """A database cannot be used."""


class StoreLocked(StoreError):
    """Another process is writing the database."""


class ModelMissing(AuditError):
    """The embedded model has not been fetched."""


class UnwrapError(AuditError):
    """A failed result was asked for its value."""
