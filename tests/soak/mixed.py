"""All kinds of requests, mixed: films of every kind, errors, disconnects; the same for a number."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.soak.corpus import seeds
from tests.soak.marked import CASES, as_json, base64_of, form, get, post
from tests.soak.mutate import small_mutant

_TARGETS = ["/health", "/ready", "/metrics", "/", "/docs", "/openapi.json", "/nothing", "/api/health"]
# They may be answered 501, or cost a body of megabytes each.
_CASES = [name for name in sorted(CASES) if name not in {"unknown coding", "too large", "large"}]


@dataclass(frozen=True)
class Mixed:
    """A request: its bytes, whether its sender leaves before it is answered, and whether it is in order."""

    data: bytes
    leaves: bool = False
    in_order: bool = False


def mixed(number: int) -> Mixed:
    """Return the request of a number: a third are films, as many are errors, one in ten is given up."""
    dice = random.Random(number)
    share = dice.random()
    film = seeds()[dice.choice(sorted(seeds()))]
    if dice.random() < 0.5:  # another film to the cache, the same to the decoders
        film += number.to_bytes(8, "big")
    if share < 0.15:
        return Mixed(post(film, f"/predict?cam={dice.choice(('none', 'map', 'both'))}"), in_order=True)
    if share < 0.25:
        return Mixed(form(film, 'name="file"; filename="film.png"'), in_order=True)
    if share < 0.33:
        return Mixed(as_json({"file_data": base64_of(film), "disable_cam": True}), in_order=True)
    if share < 0.53:
        return Mixed(post(small_mutant(number)))
    if share < 0.70:
        return Mixed(CASES[dice.choice(_CASES)](f"marked{number}"))
    if share < 0.88:
        return Mixed(get(dice.choice(_TARGETS)))
    if share < 0.885:
        return Mixed(post(b"\0" * (15 * 2**20)))
    return Mixed(post(film) if dice.random() < 0.5 else as_json({"file_data": base64_of(film)}), leaves=True)
