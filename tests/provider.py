"""A small OpenID provider on a socket of its own: it signs in whoever it is told to, and can be told to go wrong."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "overgang", "the client's secret"
Claims = dict[str, Any]


@dataclass
class Asked:
    """What the browser was sent with."""

    redirect_uri: str
    nonce: str
    challenge: str
    scope: str
    extra: str | None


@dataclass
class Provider:
    """What it says, and how it goes wrong: `twist` changes the claims, `signs_with` the key, `denies` everything."""

    issuer: str = ""
    claims: Claims = field(default_factory=dict)
    twist: Callable[[Claims], Claims] = lambda claims: claims
    denies: bool = False
    tells_more: Claims = field(default_factory=dict)  # when asked for it with the access token
    metadata: Claims = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))
    signs_with: RSAKey | None = None
    asked: dict[str, Asked] = field(default_factory=dict)
    last: Asked | None = None

    def discovery(self) -> Claims:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
        } | ({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.tells_more else {}) | self.metadata  # fmt: skip

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes next: with a code, or a refusal. Raises AssertionError for what we must never ask."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert query["state"]
        if self.denies:
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self.last = self.asked[code] = Asked(
            query["redirect_uri"], query["nonce"], query["code_challenge"], query["scope"], query.get("acr_values")
        )
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """The tokens, for who holds code, verifier and secret; a code counts once."""
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        asked = self.asked.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        known = given.replace("%27", "'").replace("+", " ").replace("%20", " ") == f"{CLIENT}:{SECRET}"
        if asked is None or challenge != asked.challenge or form.get("redirect_uri") != asked.redirect_uri or not known:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.nonce, **self.claims}
        signing = self.signs_with or self.key
        id_token = jwt.encode({"alg": "RS256", "kid": "k1"}, self.twist(claims), signing)
        return 200, {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": id_token}


@contextmanager
def running(claims: Claims) -> Iterator[Provider]:
    """A provider that signs in who has these claims."""
    provider = Provider(claims=claims)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/.well-known/openid-configuration":
                self.answer(200, provider.discovery())
            elif address.path == "/jwks":
                self.answer(200, KeySet([provider.key]).as_dict(private=False))
            elif address.path == "/userinfo":
                self.answer(200 if "Bearer" in self.headers.get("Authorization", "") else 401, provider.tells_more)
            else:
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*provider.token(form, self.headers.get("Authorization", "")))

        def answer(self, status: int, said: object) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()
