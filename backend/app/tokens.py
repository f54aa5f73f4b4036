"""Know callers by tokens that an OpenID provider has signed (JWT), checked against its published keys."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.exceptions import PyJWKClientConnectionError

from backend.app.identity import Caller, CannotTell, NotKnown, Role

log = logging.getLogger("pneumonet")

FETCH_SECONDS = 3.0
BACK_OFF_SECONDS = 5.0
WAIT_SECONDS = 1.0
"""How long a request that knows no keys at all waits for those that another one fetches."""

_KEPT_SECONDS = 600.0
_LEEWAY_SECONDS = 30


@dataclass(frozen=True)
class Trust:
    """Whose tokens are taken, which of them, and what they allow."""

    issuer: str
    jwks_url: str
    audience: str
    algorithms: Sequence[str]
    roles_claim: str
    roles: Mapping[str, Role]


class _Keys(jwt.PyJWKClient):
    """The provider's keys; while it cannot be reached, not every request has to find that out.

    The library holds one lock while it fetches, and to look up a key that it has: whoever makes up the
    name of a key would have everybody wait for a provider that hangs.
    """

    _failed_at = float("-inf")

    def __init__(self, url: str) -> None:
        super().__init__(url, lifespan=_KEPT_SECONDS, timeout=FETCH_SECONDS)
        self._fetching = threading.Lock()

    def get_signing_key(self, kid: str) -> jwt.PyJWK:
        known = self.jwk_set_cache.get() if self.jwk_set_cache else None
        if known:
            found = self.match_kid(self._get_signing_keys_from_jwk_set(known), kid)
            if found:
                return found
        if not self._fetching.acquire(timeout=0 if known else WAIT_SECONDS):
            raise PyJWKClientConnectionError("they are being fetched")
        try:
            return super().get_signing_key(kid)
        finally:
            self._fetching.release()

    def fetch_data(self) -> Any:
        if time.monotonic() - self._failed_at < BACK_OFF_SECONDS:
            raise PyJWKClientConnectionError("asked a moment ago")
        try:
            return super().fetch_data()
        except Exception as error:  # no answer, no JSON, no keys: whatever it is, there are none
            self._failed_at = time.monotonic()
            fields = {"type": type(error).__name__, "cause": type(error.__cause__).__name__}
            log.error("signing keys cannot be fetched", extra={"fields": fields})
            raise PyJWKClientConnectionError("no keys") from error


class Tokens:
    """Verifies tokens: signature, algorithm, issuer, audience, times; then reads the roles."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._keys = _Keys(trust.jwks_url)

    def caller(self, token: str) -> Caller:
        """Return whose token this is; raise NotKnown, or CannotTell where the provider does not answer."""
        trust = self._trust
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in trust.algorithms:
                raise NotKnown("algorithm not allowed")
            if not isinstance(header.get("kid"), str):
                raise NotKnown("no key named")
            claims = jwt.decode(
                token,
                _for_algorithm(self._keys.get_signing_key(header["kid"]), header["alg"]),
                algorithms=list(trust.algorithms),
                audience=trust.audience,
                issuer=trust.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (NotKnown, MemoryError):
            raise
        except PyJWKClientConnectionError:
            raise CannotTell from None
        except jwt.ExpiredSignatureError:
            raise NotKnown("ExpiredSignatureError", "The token has expired. Sign in again.") from None
        except Exception as error:  # the library's own errors, and whatever else a forged text may provoke
            raise NotKnown(type(error).__name__) from None
        return Caller("oidc", claims["sub"], self._roles(claims))

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        given = _claim(claims, self._trust.roles_claim)
        # A scope is one text with spaces in it.
        words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
        return frozenset(
            self._trust.roles[word] for word in words if isinstance(word, str) and word in self._trust.roles
        )


def _for_algorithm(key: jwt.PyJWK, algorithm: str) -> jwt.PyJWK:
    """Return a key that does not say what it signs with as one for this; the library guesses."""
    data = key._jwk_data
    return key if data.get("alg") else jwt.PyJWK(data, algorithm=algorithm)


def _claim(claims: Any, name: str) -> Any:
    """Return a claim by its name, or by a path such as realm_access.roles; None where it is missing."""
    if name in claims:
        return claims[name]
    for step in name.split("."):
        claims = claims.get(step) if isinstance(claims, dict) else None
    return claims
