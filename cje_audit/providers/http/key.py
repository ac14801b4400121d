"""Where a server's key is found and how it is sent; the key itself is read at the moment of a request."""

import os
from dataclasses import dataclass

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.http.fault import Fault


@dataclass(frozen=True, slots=True)
class Key:
    """Where the key is (the name of an environment variable) and in which header it goes; never the key itself."""

    env: str | None = None
    header: str = "authorization"
    prefix: str = "Bearer "

    def read(self) -> str | None:
        """Return the key from the environment, or None where the endpoint needs none.

        Raises
        ------
        Fault
            `auth`, when the variable is not set or holds what cannot be a key.
        """
        if self.env is None:
            return None
        key = os.environ.get(self.env, "").strip()
        if not key:
            raise Fault(FailureCode.AUTH, f"the environment variable {self.env} is not set")
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise Fault(FailureCode.AUTH, f"the environment variable {self.env} holds what cannot be a key")
        return key
