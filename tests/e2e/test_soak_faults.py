"""The faults of `python -m tests.soak faults`, each once, on a service without networks."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.planted import SECONDS
from tests.e2e.service import planted, until
from tests.redis_server import running_redis
from tests.soak.films import ordinary
from tests.soak.full_queue import fill_queue
from tests.soak.lost_redis import lose_redis
from tests.soak.lost_workers import lose_workers
from tests.soak.stopping import stop

TWO = {"WORKERS": "2", "WARM_UP": "1", SECONDS: "0.05"}


def test_a_killed_worker_is_made_good_and_a_stopping_service_answers(
    environment: dict[str, str], tmp_path: Path
) -> None:
    films = ordinary(96, 1)
    with planted(environment, tmp_path, **TWO) as service:
        until(lambda: service.value("model_loads_total", outcome="success") == 2)
        found = lose_workers(service, films, [signal.SIGKILL], 4, 0.01)
        [loss] = found["losses"]
        assert loss["counted"]
        assert loss["lost"] <= loss["under_way"] <= 4
        assert found["lost"] == loss["lost"]
        assert found["statuses"].keys() == {"200"}

        stopped = stop(service, films, 12, 2)
        assert (stopped["answered"], stopped["lost"], stopped["exit_status"]) == (12, 0, 0)


def test_a_redis_that_goes_takes_no_answer_with_it(environment: dict[str, str], tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis:
        settings = {**TWO, "CACHE_SECONDS": "3600", "REDIS_URL": redis.url}
        with planted(environment, tmp_path, **settings) as service:
            found = lose_redis(service, redis, ordinary(96, 1), 2, 0.2, 0.01, ("well", "gone"))
    assert (found["lost"], found["hits_without_redis"]) == (0, 0)
    assert found["statuses"].keys() == {"200"}


def test_who_finds_the_queue_full_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    patient = {"QUEUE_SECONDS": "300", "DEADLINE_SECONDS": "300"}
    with planted(environment, tmp_path, QUEUE_LIMIT="4", **{SECONDS: "0.2"}, **patient) as service:
        found = fill_queue(service, 12, 1, 0.1, height=96)
    assert found["lost"] == 0
    assert found["refused_as_full"] == found["statuses"]["503"] > 0
    assert found["told_when_to_come_again"]
    assert found["probes_answered"]
