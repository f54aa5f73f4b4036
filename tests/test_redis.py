"""Results in a real Redis: shared by who knows the key, and a Redis that fails costs nothing but the hit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from backend.app import stores
from backend.app.stores import RedisStore
from tests.redis_server import RedisServer, running_redis, slow_way
from tests.test_cache import Counting, other_film
from tests.test_metrics import scrape, value
from tests.test_ready import eventually

MakeClient = Callable[..., FlaskClient]
PATIENCE = 10.0
FROZEN_PATIENCE = 2.0
SLOW_SECONDS = 0.4
SHARED = "a secret of thirty-two characters"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a Redis that is well on a starved machine the time to say so."""
    assert stores.SLOW_SECONDS < stores.PATIENCE_SECONDS <= 0.1
    monkeypatch.setattr(stores, "PATIENCE_SECONDS", PATIENCE)
    monkeypatch.setattr(stores, "SLOW_SECONDS", PATIENCE)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def make(make_client: MakeClient, redis_server: RedisServer) -> Callable[..., FlaskClient]:
    def make(predictor: Counting, key: str = SHARED, url: str = redis_server.url) -> FlaskClient:
        settings = {"cache_seconds": 3600, "redis_url": url, "cache_key": key}
        client = make_client(predictor=predictor, **settings)
        predictor.warm_up()
        return client

    return make


def said(client: FlaskClient, film: bytes) -> str:
    response = client.post("/predict", data=film)
    assert response.status_code == 200
    return response.headers["X-Cache"]


def failures(client: FlaskClient, reason: str) -> float:
    return value(scrape(client), "cache_failures_total", reason=reason) or 0


def test_who_shares_the_key_shares_the_results(
    make: MakeClient, redis_server: RedisServer, png: bytes
) -> None:
    readers = [Counting() for _ in range(3)]
    one, other, stranger = make(readers[0]), make(readers[1]), make(readers[2], "x" * 32)
    assert [said(each, png) for each in (one, other, stranger)] == ["miss", "hit", "miss"]
    assert [each.films for each in readers] == [1, 0, 1]
    names = redis_server.client.keys()
    assert len(names) == 2
    for name in names:
        assert 3500 < redis_server.client.ttl(name) <= 3600
        kept = redis_server.client.get(name)
        assert len(kept) < 2000
        assert b"PNG" not in kept


def ask_no_more(client: FlaskClient) -> RedisStore:
    """Have a Redis that fails let alone for longer than a test takes on a starved machine."""
    store = client.application.extensions["cache"]._store
    assert isinstance(store, RedisStore)
    store._ask_again_seconds = 300.0
    return store


def test_a_frozen_redis_costs_its_patience_once(
    make: MakeClient, redis_server: RedisServer, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "PATIENCE_SECONDS", FROZEN_PATIENCE)
    client = make(reader := Counting())
    assert [said(client, png) for _ in range(2)] == ["miss", "hit"]
    store = ask_no_more(client)
    redis_server.freeze()
    started = time.monotonic()
    assert {said(client, png) for _ in range(20)} == {"miss"}
    assert time.monotonic() - started < 20 * FROZEN_PATIENCE
    assert reader.films == 21
    assert failures(client, "timeout") == 1  # the first who asked, and nobody after
    assert failures(client, "not_asked") == 39
    redis_server.thaw()
    store._ask_at = float("-inf")  # some seconds later
    assert said(client, png) == "hit"
    assert said(client, png) == "hit"


def test_a_slow_redis_is_let_alone_until_it_is_quick_again(
    make: MakeClient, redis_server: RedisServer, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with slow_way(redis_server) as way:
        client = make(Counting(), url=way.url)
        assert [said(client, png) for _ in range(2)] == ["miss", "hit"]
        store = ask_no_more(client)
        monkeypatch.setattr(stores, "SLOW_SECONDS", SLOW_SECONDS)
        way.seconds = SLOW_SECONDS + 0.1
        asked = ["hit"] * stores.SLOW_ANSWERS
        assert [said(client, png) for _ in range(20)] == [*asked, *["miss"] * (20 - len(asked))]
        assert failures(client, "timeout") == 1
        store._ask_at = float("-inf")  # some seconds later
        assert [said(client, png) for _ in range(3)] == ["hit", "miss", "miss"]
        assert failures(client, "timeout") == 2  # then one slow answer is enough
        way.seconds = 0.0
        store._ask_again_seconds = 0.0
        store._ask_at = float("-inf")
        assert eventually(lambda: said(client, png) == "hit" and not store._suspect, PATIENCE)


def test_one_slow_answer_among_quick_ones_is_no_reason(
    make: MakeClient, redis_server: RedisServer, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "SLOW_ANSWERS", 2)
    with slow_way(redis_server) as way:
        client = make(Counting(), url=way.url)
        said(client, png)
        monkeypatch.setattr(stores, "SLOW_SECONDS", SLOW_SECONDS)
        for seconds in (SLOW_SECONDS + 0.1, 0.0) * 3:
            way.seconds = seconds
            assert said(client, png) == "hit"
        assert failures(client, "timeout") == 0


def test_a_host_that_cannot_be_looked_up_is_a_redis_that_is_gone() -> None:
    failed: list[str] = []
    store = RedisStore("redis://redis..svc:6379", 60, failed.append)
    store.put("name", b"value")
    assert store.get("name") is None
    assert failed == ["connection", "not_asked"]


def test_a_redis_that_is_gone_is_done_without(
    make: MakeClient, redis_server: RedisServer, png: bytes
) -> None:
    client = make(Counting())
    ask_no_more(client)
    assert said(client, png) == "miss"
    redis_server.kill()
    assert {said(client, png) for _ in range(5)} == {"miss"}
    assert failures(client, "connection") == 1
    assert failures(client, "not_asked") == 9


def test_a_full_redis_still_says_what_it_holds(
    make: MakeClient, redis_server: RedisServer, png: bytes
) -> None:
    client = make(Counting())
    assert said(client, png) == "miss"
    redis_server.client.config_set("maxmemory", 1)
    assert [said(client, other_film(0)) for _ in range(2)] == ["miss", "miss"]
    assert said(client, png) == "hit"
    assert failures(client, "refused") == 2


def test_a_redis_that_was_never_there_harms_nobody(make_client: MakeClient, png: bytes) -> None:
    client = make_client(predictor=Counting(), cache_seconds=3600, redis_url="redis://127.0.0.1:9/0")
    assert [said(client, png) for _ in range(3)] == ["miss"] * 3
