"""Find out who asks, and let in who may.

Closed are the addresses that need a role; everything else stays open: the page and its files, probes, the
description of the API, and how to sign in. Where neither keys nor OIDC are set up nothing is closed.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, g, request

from backend.app.clients import Clients
from backend.app.contract import Access as AccessAnswer
from backend.app.contract import Method, Provider
from backend.app.identity import Caller, CannotTell, NotAllowed, NotKnown, Role, role_map
from backend.app.keys import BadKey, KeyRing
from backend.app.settings import SettingError, Settings

if TYPE_CHECKING:
    from backend.app.tokens import Tokens

log = logging.getLogger("pneumonet")

_NEEDED: dict[str, Role] = {"predict": "predict", "metrics": "metrics"}

NOBODY_IS_ASKED = (
    "PUBLIC is set, but anybody would be let in: set API_KEYS or API_KEYS_FILE (python -m backend key NAME "
    "makes a key), or OIDC_ISSUER, OIDC_JWKS_URL and OIDC_AUDIENCE; or say ALLOW_ANONYMOUS=1 if that is meant"
)


class Access:
    """Who is known here, and how."""

    def __init__(self, settings: Settings) -> None:
        """Raise SettingError where the settings leave open who may come in.

        What may change while the service runs, the file of keys, is left to `check`: a worker that replaces
        another takes it as the others do.
        """
        self._keys = _key_ring(settings)
        self._tokens = _tokens(settings)
        self._settings = settings
        if settings.public and not self.required and not settings.allow_anonymous:
            raise SettingError(NOBODY_IS_ASKED)

    def check(self) -> None:
        """Raise SettingError where not every key that is configured can be used."""
        if self._keys is None:
            return
        try:
            self._keys.check()
        except BadKey as error:
            raise SettingError(str(error)) from None
        except OSError as error:
            raise SettingError(f"API_KEYS_FILE cannot be read: {error.strerror}") from None

    @property
    def required(self) -> bool:
        """Whether a credential is asked for."""
        return bool(self._keys or self._tokens)

    def described(self) -> AccessAnswer:
        """Return how to sign in, without a secret."""
        found = self._settings
        oidc: Provider | None = None
        if self._tokens and found.oidc_client_id:
            oidc = {
                "issuer": found.oidc_issuer,
                "client_id": found.oidc_client_id,
                "scope": found.oidc_scope,
            }
        taken: dict[Method, object] = {"key": self._keys, "oidc": self._tokens}
        return {
            "required": self.required,
            "methods": [method for method, there in taken.items() if there],
            "oidc": oidc,
        }

    def caller(self, credential: str | None) -> Caller:
        """Return whose credential this is; raise NotKnown or CannotTell."""
        if not credential:
            raise NotKnown("no credential", "This service needs a key or a token.")
        if self._tokens and credential.count(".") == 2:  # no key has a dot in it
            return self._tokens.caller(credential)
        found = self._keys.caller(credential) if self._keys else None
        if found is None:
            raise NotKnown("unknown key")
        return found


def role_needed() -> Role | None:
    """Return the role that the request's address asks for, if any."""
    if request.endpoint is None or request.method == "OPTIONS":
        return None
    return _NEEDED.get(request.endpoint.rpartition(".")[2])


def init_app(app: Flask, access: Access, clients: Clients) -> None:
    """Note who asks and from where; whoever is not known is told so by `enforce` alone."""
    app.extensions["access"] = access
    app.before_request(partial(_note, access, clients))


def enforce(app: Flask) -> None:
    """Refuse who may not ask for this: after the limits, which count those who guess as well."""
    app.before_request(_admit)


def credential() -> str | None:
    """Return what the request shows: Authorization: Bearer, or X-API-Key."""
    shown = request.authorization
    if shown is not None and shown.type == "bearer":
        return shown.token
    return request.headers.get("X-API-Key")


def _note(access: Access, clients: Clients) -> None:
    g.client = clients.address(request.environ)
    g.caller = g.refusal = None
    if access.required and role_needed() is not None:
        try:
            g.caller = access.caller(credential())
        except (NotKnown, CannotTell) as error:
            g.refusal = error


def _admit() -> None:
    caller: Caller | None = g.caller
    refusal: NotKnown | CannotTell | NotAllowed | None = g.refusal
    if caller is not None and role_needed() not in caller.roles:
        refusal = NotAllowed()
    if refusal is not None:
        # The name of a key is the operator's own word; a token's subject is a person.
        name = caller.name if caller is not None and caller.kind == "key" else None
        fields = {"request_id": g.request_id, "reason": refusal.reason, "key": name}
        log.warning("not let in", extra={"fields": fields})
        raise refusal
    g.admitted = True


def _key_ring(settings: Settings) -> KeyRing | None:
    if not settings.api_keys and settings.api_keys_file is None:
        return None
    try:
        return KeyRing(settings.api_keys, settings.api_keys_file)
    except BadKey as error:
        raise SettingError(str(error)) from None


def _tokens(settings: Settings) -> Tokens | None:
    given = {
        "OIDC_ISSUER": settings.oidc_issuer,
        "OIDC_JWKS_URL": settings.oidc_jwks_url,
        "OIDC_AUDIENCE": settings.oidc_audience,
    }
    missing = [name for name, value in given.items() if not value]
    if len(missing) == len(given):
        return None
    if missing:
        raise SettingError(f"{' and '.join(missing)} must be set too: tokens are taken only with all three")
    from backend.app.tokens import Tokens, Trust  # takes 0.2 s, which only those who use it pay

    return Tokens(
        Trust(
            issuer=settings.oidc_issuer,
            jwks_url=settings.oidc_jwks_url,
            audience=settings.oidc_audience,
            algorithms=settings.oidc_algorithms,
            roles_claim=settings.oidc_roles_claim,
            roles=role_map(settings.oidc_roles),
        )
    )
