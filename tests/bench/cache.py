"""What keeping results costs a film and saves it, in CPU time: python -m tests.bench.cache [REDIS_URL]."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from backend.app import create_app
from backend.app.cache import ResultCache
from backend.app.settings import Settings
from tests.bench.films import jpeg
from tests.bench.plan import FULL_RESOLUTION
from tests.fakes import reading

REPEATS = 15
OPTIONS = {"explained": True}


def cost(work: Callable[[], object], rounds: int) -> str:
    """Return the CPU time of a piece of work, all threads together: best and median."""
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        for _ in range(rounds):
            work()
        seconds.append((time.process_time() - started) / rounds)
    return f"best {min(seconds) * 1000:.2f}, median {statistics.median(seconds) * 1000:.2f} ms"


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else ""
    app = create_app(Settings(redis_url=url, log_level="ERROR"))
    film, known = jpeg(*FULL_RESOLUTION), reading((0.8, 0.15, 0.05), explained=True)
    cache: ResultCache = app.extensions["cache"]
    print(f"a film of {len(film) / 1024:.0f} KiB, kept in {'Redis' if url else 'memory'}, CPU time:")

    def miss() -> None:
        digest = cache.digest(film)
        cache.find(digest, OPTIONS, "never seen")
        cache.keep(digest, OPTIONS, "kept", known)

    print("what a miss costs more:", cost(miss, 100))
    print("finding a result:      ", cost(lambda: cache.find(cache.digest(film), OPTIONS, "kept"), 100))
    client = app.test_client()
    for cam in ("both", "map", "none"):
        for name, headers in (("read", {"Cache-Control": "no-cache"}), ("hit", {})):

            def ask(cam: str = cam, headers: dict[str, str] = headers) -> None:
                response = client.post(f"/predict?cam={cam}", data=film, headers=headers)
                assert response.headers["X-Cache"] == ("miss" if headers else "hit")

            client.post(f"/predict?cam={cam}", data=film)  # loads, and keeps
            print(f"cam={cam:<4} {name:<4}", cost(ask, 3))


if __name__ == "__main__":
    main()
