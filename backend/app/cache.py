"""Answer the same bytes, asked in the same way of the same networks, from what was said before.

Kept is a reading: probabilities and the map's grid, never a picture of the film. Its key is a keyed hash,
from which nobody without the key can tell whether a film they have was here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from backend.app.settings import Settings
from backend.app.stores import Failure, MemoryStore, RedisStore, Store
from backend.inference.reading import Reading

Outcome = Literal["hit", "miss"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

_START_KEY = secrets.token_bytes(32)
"""Made when this is imported: by gunicorn's master, so that all of its workers have the same."""

_SEAL_BYTES = hashlib.sha256().digest_size
_FORMAT = hashlib.sha256(repr(msgspec.inspect.type_info(Reading)).encode()).digest()
"""What a reading consists of: one of another shape is never found."""


class ResultCache:
    """Readings that were made before, in a store that may forget any of them, or fail, at any time."""

    def __init__(self, store: Store, key: bytes, failed: Callable[[Failure], None]) -> None:
        self._store, self._key, self._failed = store, key, failed
        self._decoder = msgspec.msgpack.Decoder(Reading, dec_hook=_array)

    def digest(self, film: bytes) -> bytes:
        """Return what stands for a film's bytes in its keys."""
        return self._mac(b"film", film)

    def find(self, digest: bytes, options: Mapping[str, Any], model: str) -> Reading | None:
        """Return the reading of a film with such options by such networks, if it is known."""
        key = self._name(digest, options, model)
        sealed = self._store.get(key)
        if sealed is None:
            return None
        seal, packed = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._mac(b"seal", key.encode(), packed)):
            self._failed("unreadable")
            return None
        try:
            return self._decoder.decode(packed)
        except (msgspec.MsgspecError, ValueError):
            self._failed("unreadable")
            return None

    def keep(self, digest: bytes, options: Mapping[str, Any], model: str, reading: Reading) -> None:
        """Remember a reading for a while."""
        key = self._name(digest, options, model)
        packed = msgspec.msgpack.encode(reading, enc_hook=_parts)
        self._store.put(key, self._mac(b"seal", key.encode(), packed) + packed)

    def _name(self, digest: bytes, options: Mapping[str, Any], model: str) -> str:
        chosen = json.dumps(options, sort_keys=True).encode()
        return self._mac(b"key", _FORMAT, digest, chosen, model.encode()).hex()

    def _mac(self, *parts: bytes) -> bytes:
        mac = hmac.new(self._key, digestmod="sha256")
        for part in parts:
            mac.update(len(part).to_bytes(8, "big"))
            mac.update(part)
        return mac.digest()


def open_cache(settings: Settings, failed: Callable[[Failure], None]) -> ResultCache | None:
    """Return the cache that the settings ask for; None where it is switched off."""
    if not settings.cache_seconds:
        return None
    store: Store
    if settings.redis_url:
        store = RedisStore(settings.redis_url, settings.cache_seconds, failed)
    else:
        store = MemoryStore(settings.cache_entries, settings.cache_seconds)
    return ResultCache(store, settings.cache_key.encode() or _START_KEY, failed)


def _parts(value: Any) -> list[Any]:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError
    return [value.dtype.str, value.shape, value.tobytes()]


def _array(_kind: type, parts: Any) -> Any:
    dtype, shape, data = parts
    return np.frombuffer(data, np.dtype(dtype)).reshape(shape)
