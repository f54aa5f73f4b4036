"""Say who asks and what they may do, and why somebody is not let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["predict", "metrics"]
ROLES: tuple[Role, ...] = get_args(Role)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""What a provider may sign with: nothing that is verified by the key that signs, and never `none`."""

_REALM = 'Bearer realm="PneumoNet"'


@dataclass(frozen=True)
class Caller:
    """Who a credential belongs to: the name of a key, or the subject of a token."""

    kind: Literal["key", "oidc"]
    name: str
    roles: frozenset[Role]


class NotKnown(Exception):
    """The credential is missing or proves nothing: a reason for the log, and a sentence for its sender."""

    def __init__(self, reason: str, message: str = "The key or token is not valid.") -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def challenge(self) -> str:
        """Return the WWW-Authenticate header, in RFC 6750's words."""
        return _REALM if self.reason == "no credential" else f'{_REALM}, error="invalid_token"'


class NotAllowed(Exception):
    """The credential is good, but not for this."""

    reason = "no such role"
    challenge = f'{_REALM}, error="insufficient_scope"'


class CannotTell(Exception):
    """Whether a token is good cannot be found out now."""

    reason = "no signing keys"


def role_map(pairs: Sequence[str]) -> dict[str, Role]:
    """Return the meaning of the provider's roles, given as THEIRS=OURS; raise ValueError."""
    found: dict[str, Role] = {}
    for pair in pairs:
        theirs, _, ours = pair.rpartition("=")
        role = next((each for each in ROLES if each == ours), None)
        if not theirs or role is None:
            raise ValueError
        found[theirs] = role
    return found
