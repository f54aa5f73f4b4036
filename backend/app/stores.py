"""Where results are kept: in this process, or in Redis, which may be slow, full or gone without any harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol, get_args

from cachetools import TTLCache

Failure = Literal["timeout", "connection", "refused", "not_asked", "unreadable"]
FAILURES: tuple[Failure, ...] = get_args(Failure)

PATIENCE_SECONDS = 0.05
"""What a film may lose to a Redis that does not answer."""

SLOW_SECONDS = 0.01
"""What an answer may take; a hit is worth waiting longer for, but most films are none."""

SLOW_ANSWERS = 5
"""As many slow answers in a row are a failure: one alone may be this machine's."""

ASK_AGAIN_SECONDS = 5.0
"""How long a Redis that did not answer, or was slow, is let alone."""

_PREFIX = "pneumonet:reading:"


class Store(Protocol):
    """Bytes by name, for a while. It never raises."""

    def get(self, name: str) -> bytes | None: ...

    def put(self, name: str, value: bytes) -> None: ...


class MemoryStore:
    """In this process alone; what has not been asked for the longest goes first."""

    def __init__(self, entries: int, seconds: int) -> None:
        self._kept: TTLCache[str, bytes] = TTLCache(entries, seconds)
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        with self._lock:
            return self._kept.get(name)

    def put(self, name: str, value: bytes) -> None:
        with self._lock:
            self._kept[name] = value


class RedisStore:
    """In Redis, for as many processes as know its address and the key.

    One that does not answer in time, or is slow again and again, is let alone for a while, in which nothing
    is found and nothing kept.
    """

    def __init__(
        self,
        url: str,
        seconds: int,
        failed: Callable[[Failure], None],
        ask_again_seconds: float = ASK_AGAIN_SECONDS,
    ) -> None:
        import redis  # here, so that who has none does not pay for it
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # Plain RESP2, which needs no greeting: a connection costs one round trip less.
        self._redis: Any = redis.Redis.from_url(
            url,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            driver_info=None,
        )
        self._errors = redis.exceptions
        self._seconds, self._failed, self._ask_again_seconds = seconds, failed, ask_again_seconds
        self._ask_at = float("-inf")
        self._lock = threading.Lock()
        self._suspect = False
        self._slow = 0

    def get(self, name: str) -> bytes | None:
        found = self._ask(lambda: self._redis.get(_PREFIX + name))
        return found if isinstance(found, bytes) else None

    def put(self, name: str, value: bytes) -> None:
        self._ask(lambda: self._redis.set(_PREFIX + name, value, ex=self._seconds))

    def _ask(self, question: Callable[[], Any]) -> Any:
        """Return what Redis says, or None."""
        if not self._may_ask():
            self._failed("not_asked")
            return None
        asked_at = time.monotonic()
        try:
            answer = question()
        except self._errors.TimeoutError:
            self._let_alone("timeout")
        except (self._errors.ConnectionError, OSError, ValueError):  # the last: a host that is no name
            self._let_alone("connection")
        except self._errors.RedisError:  # it is well and says no: full, say, or another password
            self._failed("refused")
        else:
            if self._too_slow(time.monotonic() - asked_at):
                self._let_alone("timeout")
            else:
                self._suspect = False
            return answer
        return None

    def _may_ask(self) -> bool:
        """Say whether it is worth a try; of those who come after a failure one alone finds out."""
        if not self._suspect:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._ask_at:
                return False
            self._ask_at = now + self._ask_again_seconds
            return True

    def _too_slow(self, seconds: float) -> bool:
        """Say whether the last answers in a row were too slow; once they were, one more is enough."""
        with self._lock:
            self._slow = self._slow + 1 if seconds > SLOW_SECONDS else 0
            return self._slow >= SLOW_ANSWERS

    def _let_alone(self, failure: Failure) -> None:
        self._failed(failure)
        with self._lock:
            self._ask_at = time.monotonic() + self._ask_again_seconds
            self._suspect = True
