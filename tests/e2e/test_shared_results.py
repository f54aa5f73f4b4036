"""gunicorn's workers share what is kept in Redis, and the secret that hides it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.service import planted, small_film, until
from tests.redis_server import running_redis


def test_workers_share_results_without_a_key_of_their_own(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with running_redis(tmp_path) as redis:
        settings = {"WORKERS": "2", "WARM_UP": "1", "CACHE_SECONDS": "3600", "REDIS_URL": redis.url}
        with planted(environment, tmp_path, **settings) as service:
            until(lambda: service.value("model_loads_total", outcome="success") == 2)
            # On a starved machine Redis may be late, and is then let alone for some seconds.
            until(lambda: service.post(small_film()).headers["X-Cache"] == "hit")
            answers = [service.post(small_film()) for _ in range(40)]
            assert len({each.json["confidence"] for each in answers}) == 1
            assert len(redis.client.keys()) == 1  # whichever of the two workers was asked
