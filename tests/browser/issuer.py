"""An identity provider on loopback: discovery, authorization, token and keys, as OpenID Connect describes them."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "cje-audit-tests", "a secret of this test alone"


@dataclass
class Issuer:
    """Who signs on next, how old the proof is in seconds, and whether it is signed with the published key."""

    url: str
    email: str = "ada@example.org"
    verified: bool = True
    age_s: float = 0.0
    forged: bool = False
    published: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    other: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    nonces: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def metadata(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/jwks", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
        }  # fmt: skip

    def token(self, code: str) -> dict[str, Any]:
        """Return the tokens for a code, the proof among them."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": self.email, "email": self.email, "email_verified": self.verified,
            "iat": now - int(self.age_s), "exp": now + 3600, "nonce": self.nonces.pop(code),
        }  # fmt: skip
        key = self.other if self.forged else self.published
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        return {"access_token": "none", "token_type": "Bearer", "expires_in": 3600, "id_token": signed}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        issuer, asked = self.server.issuer, urlsplit(self.path)
        issuer.asked.append(asked.path)
        if asked.path == "/authorize":
            self._authorize({k: v[0] for k, v in parse_qs(asked.query).items()})
        elif asked.path == "/jwks":
            self._json({"keys": [issuer.published.as_dict(private=False)]})
        else:
            self._json(issuer.metadata())

    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.issuer.asked.append(self.path)
        self._json(self.server.issuer.token(body["code"][0]))

    def _authorize(self, given: dict[str, str]) -> None:
        code = f"code-{len(self.server.issuer.asked)}"
        self.server.issuer.nonces[code] = given["nonce"]
        self.send_response(302)
        self.send_header("Location", f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}")
        self.end_headers()

    def _json(self, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    issuer: Issuer


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run an identity provider on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.issuer = Issuer(f"http://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
