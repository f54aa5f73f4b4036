"""How often one caller may ask: by key, token or address; counted in memory or in a real Redis."""

from __future__ import annotations

import hashlib
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.app import create_app, limits
from backend.app.checks import check
from backend.app.clients import Clients
from backend.app.keys import configured, new_key
from backend.app.settings import SettingError, Settings
from tests.e2e.conftest import free_port
from tests.fakes import FixedPredictor
from tests.redis_server import RedisServer, running_redis

MakeClient = Callable[..., FlaskClient]

FIRST, SECOND = new_key(), new_key()
KEYS = (configured("first", ["predict"], FIRST), configured("second", ["predict", "metrics"], SECOND))
PATIENCE = 60
SERVED_SECONDS = limits.REDIS_SECONDS


def ask(client: FlaskClient, key: str = "", address: str = "192.0.2.1", said: str = "") -> TestResponse:
    """Ask for the cheapest that is limited: a film that is none."""
    headers = {"X-API-Key": key, "X-Forwarded-For": said}
    return client.post(
        "/predict",
        data=b"no film",
        headers={name: value for name, value in headers.items() if value},
        environ_base={"REMOTE_ADDR": address},
    )


def statuses(times: int, *arguments: str) -> Callable[[FlaskClient], list[int]]:
    return lambda client: [ask(client, *arguments).status_code for _ in range(times)]


def assert_limited(answer: TestResponse, most: int) -> None:
    body = answer.get_json()
    assert (answer.status_code, body["code"], set(body)) == (
        429,
        "rate_limited",
        {"error", "code", "request_id"},
    )
    assert 1 <= int(answer.headers["Retry-After"]) <= most


def test_without_a_limit_nobody_is_refused(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor())
    assert statuses(50)(client) == [415] * 50
    assert "Retry-After" not in ask(client).headers


def test_each_key_has_an_allowance_of_its_own_at_all_addresses(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor(), api_keys=KEYS, rate_limit="3/hour")
    assert statuses(2, FIRST)(client) == [415] * 2
    assert client.post("/api/predict", data=b"x", headers={"X-API-Key": FIRST}).status_code == 415
    assert_limited(ask(client, FIRST), 3601)
    assert_limited(ask(client, FIRST, "192.0.2.99"), 3601)
    assert statuses(3, SECOND)(client) == [415] * 3
    assert client.get("/metrics", headers={"X-API-Key": SECOND}).status_code == 429
    allowed = ask(make_client(predictor=FixedPredictor(), rate_limit="3/hour"))
    assert "Retry-After" not in allowed.headers


def test_who_guesses_keys_is_limited_by_address_and_harms_nobody(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor(), api_keys=KEYS, rate_limit="3/hour")
    assert [ask(client, new_key()).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    assert ask(client, FIRST).status_code == 415
    assert ask(client, address="192.0.2.2").status_code == 401


def test_what_is_open_is_not_limited(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor(), rate_limit="1/hour")
    assert statuses(2)(client) == [415, 429]
    for path in ("/health", "/ready", "/access", "/", "/api/health", "/nothing"):
        assert client.get(path, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code in {200, 404}
    assert client.options("/predict", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_of_several_limits_each_one_holds(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor(), rate_limit="100/hour;2/minute")
    assert statuses(3)(client) == [415, 415, 429]
    assert_limited(ask(client), 61)


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "10.9.9.9", "192.0.2.1"),  # a stranger may say what it likes
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "1.1.1.1, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "1.1.1.1, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "192.0.2.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "nonsense, 10.0.0.2", "10.0.0.2"),
        ("::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "", "2001:db8:1:2::/64"),
        ("10.0.0.1", "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("10.0.0.1", "192.0.2.1:5678", "192.0.2.1"),
        ("10.0.0.1", "[2001:db8:1:2::9]:5678", "2001:db8:1:2::/64"),
        ("10.0.0.1", "[::ffff:192.0.2.1]:5678", "192.0.2.1"),
        ("10.0.0.1", "1.1.1.1:1, 192.0.2.1:5678, 10.0.0.2:9", "192.0.2.1"),
        ("10.0.0.1", "2001:db8:1:2::9:5678", "2001:db8:1:2::/64"),  # no brackets: no port
        ("10.0.0.1", "192.0.2.1:", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1:http", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1:567890", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1:1:2", "10.0.0.1"),
        ("10.0.0.1", "192.0.2:5678", "10.0.0.1"),
        ("10.0.0.1", "[192.0.2.1]:5678", "10.0.0.1"),
        ("10.0.0.1", "[nonsense]:5678", "10.0.0.1"),
        ("10.0.0.1", ":5678", "10.0.0.1"),
        ("192.0.2.1:5678", "", "unknown"),
        ("", "192.0.2.1", "unknown"),
        ("nonsense", "192.0.2.1", "unknown"),
    ],
)
def test_only_trusted_proxies_are_believed_about_addresses(peer: str, said: str, address: str) -> None:
    clients = Clients(["10.0.0.0/8"])
    assert clients.address({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said}) == address


@pytest.mark.parametrize(
    ("peer", "said", "scheme", "tls"),
    [
        ("10.0.0.1", "https", "http", True),
        ("10.0.0.1", "http", "http", False),
        ("192.0.2.1", "https", "http", False),
        ("192.0.2.1", "", "https", True),
    ],
)
def test_only_trusted_proxies_are_believed_about_tls(peer: str, said: str, scheme: str, tls: bool) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_PROTO": said, "wsgi.url_scheme": scheme}
    assert Clients(["10.0.0.0/8"]).by_tls(environ) == tls


def test_clients_that_a_gateway_names_with_their_ports_have_an_allowance_each(
    make_client: MakeClient,
) -> None:
    client = make_client(predictor=FixedPredictor(), rate_limit="1/hour", trusted_proxies=("10.0.0.0/8",))
    said = ["198.51.100.1:5678", "198.51.100.2:5678", "198.51.100.1:5679"]
    assert [ask(client, address="10.0.0.1", said=each).status_code for each in said] == [415, 415, 429]


def test_a_stranger_cannot_get_another_allowance_by_naming_other_addresses(make_client: MakeClient) -> None:
    client = make_client(predictor=FixedPredictor(), rate_limit="2/hour", trusted_proxies=("10.0.0.0/8",))
    said = [f"198.51.100.{number}" for number in range(4)]
    assert [ask(client, said=each).status_code for each in said] == [415, 415, 429, 429]
    assert [ask(client, address="10.0.0.1", said=each).status_code for each in said] == [415] * 4


# --- Redis


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a Redis that is well on a starved machine the time to say so."""
    assert SERVED_SECONDS < 1
    monkeypatch.setattr(limits, "REDIS_SECONDS", 5.0)


def give_up_soon(app: Flask) -> None:
    """Wait for a Redis that is frozen no longer than the service does."""
    (limiter,) = app.extensions["limiter"]
    pool = limiter.storage.storage.connection_pool
    assert pool.connection_kwargs["socket_timeout"] == limits.REDIS_SECONDS
    pool.connection_kwargs["socket_timeout"] = SERVED_SECONDS
    pool.reset()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@pytest.fixture
def make_counted(make_client: MakeClient) -> Callable[[RedisServer], FlaskClient]:
    return lambda redis: make_client(
        predictor=FixedPredictor(), api_keys=KEYS, rate_limit="3/hour", redis_url=redis.url
    )


def test_processes_that_share_a_redis_count_together_and_name_nobody_in_it(
    make_counted: Callable[[RedisServer], FlaskClient], redis: RedisServer
) -> None:
    one, other = make_counted(redis), make_counted(redis)
    assert [ask(client, FIRST).status_code for client in (one, other, one, other, one)] == [
        *[415] * 3,
        *[429] * 2,
    ]
    assert_limited(ask(other, FIRST), 3601)
    ask(one)
    keys = [key.decode() for key in redis.client.scan_iter()]
    assert len(keys) == 2
    assert not [key for key in keys if "first" in key or "192.0.2" in key or FIRST in key]


@pytest.mark.parametrize("how", ["killed", "frozen", "full"])
def test_without_its_redis_the_service_goes_on_and_counts_in_memory(
    make_counted: Callable[[RedisServer], FlaskClient],
    redis: RedisServer,
    how: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = make_counted(redis)
    assert statuses(2, FIRST)(client) == [415] * 2
    if how == "killed":
        redis.kill()
    elif how == "frozen":
        redis.freeze()
        give_up_soon(client.application)
    else:
        redis.client.config_set("maxmemory", 1)
    assert statuses(5, FIRST)(client) == [415, 415, 415, 429, 429]
    assert_limited(ask(client, FIRST), 3601)
    assert ask(client, SECOND).status_code == 415
    logged = capsys.readouterr().err
    assert "Rate limit storage unreachable - falling back to in-memory storage" in logged
    assert '"level": "error"' not in logged


def test_a_redis_that_comes_back_is_counted_in_again(
    make_counted: Callable[[RedisServer], FlaskClient], redis: RedisServer
) -> None:
    client = make_counted(redis)
    redis.kill()
    assert ask(client, FIRST).status_code == 415
    redis.start()
    deadline = time.monotonic() + PATIENCE
    while not redis.client.keys() and time.monotonic() < deadline:
        ask(client, FIRST)
        time.sleep(0.1)
    assert redis.client.keys()


def test_many_that_find_redis_gone_at_once_are_all_answered(
    make_client: Callable[..., FlaskClient], redis: RedisServer
) -> None:
    many = make_client(predictor=FixedPredictor(), api_keys=KEYS, rate_limit="100/hour", redis_url=redis.url)
    app = many.application
    redis.freeze()
    give_up_soon(app)
    together = threading.Barrier(8)

    def one(_: int) -> int:
        together.wait(PATIENCE)
        return ask(app.test_client(), FIRST).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {415}


def test_a_redis_that_never_was_there_keeps_nothing_from_starting(make_client: MakeClient) -> None:
    client = make_client(
        predictor=FixedPredictor(), rate_limit="1/hour", redis_url=f"redis://127.0.0.1:{free_port()}/0"
    )
    assert statuses(2)(client) == [415, 429]


@pytest.mark.parametrize(
    ("name", "value"), [("RATE_LIMIT", "many"), ("RATE_LIMIT", "0/minute"), ("REDIS_URL", "host:6379")]
)
def test_settings_that_mean_nothing_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name} must be"):
        Settings.from_environment({name: value})


def test_the_password_in_the_address_of_redis_is_not_shown() -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_environment({"REDIS_URL": "http://:secret@host"})
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(Settings(redis_url="redis://:secret@host"))


@pytest.mark.parametrize(
    "address",
    [
        "redis://:p#ss-secret@host",
        "redis://:secret#@host",
        "redis://:1#secret@host/0",
        "redis://user:1#secret@host/0",
        "redis://user:12/secret@host",
        "redis://:secret@host:99999",
        "redis://:secret@",
        "redis://:secret@host/secret",
        "unix://",
        "unix:secret",
    ],
)
def test_an_address_that_redis_could_not_use_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(SettingError, match="REDIS_URL must be an address such as") as refused:
        Settings.from_environment({"REDIS_URL": address})
    told = "".join(traceback.format_exception(refused.value))
    assert "secret" not in told


@pytest.mark.parametrize(
    "address", ["redis://:secret@host:6379/0?nonsense=1", "redis://:secret@host?db=x", "UNIX:///secret"]
)
def test_so_are_options_that_its_libraries_do_not_know(address: str) -> None:
    for start in (check, lambda each: create_app(each, FixedPredictor())):
        with pytest.raises(SettingError, match="REDIS_URL cannot be used") as refused:
            start(Settings.from_environment({"REDIS_URL": address, "RATE_LIMIT": "1/hour"}))
        assert "secret" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("host", ["redis..svc", "redis%2E%2Esvc", "a" * 64, "."])
def test_so_is_a_host_that_cannot_be_looked_up(host: str) -> None:
    settings = Settings.from_environment({"REDIS_URL": f"redis://:secret@{host}:6379/0"})
    for start in (check, lambda each: create_app(each, FixedPredictor())):
        with pytest.raises(SettingError, match="REDIS_URL cannot be used: its host") as refused:
            start(settings)
        assert "secret" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "redis://host",
        "redis://my_redis.svc.",
        "rediss://user:p%23ss@host:6380/1",
        "redis://[::1]:6379",
        "unix:///run/redis.sock?db=2",
    ],
)
def test_an_address_that_redis_can_use_is_taken(address: str) -> None:
    settings = Settings.from_environment({"REDIS_URL": address, "RATE_LIMIT": "1/hour"})
    assert settings.redis_url == address
    check(settings)


def test_the_redis_of_a_test_is_its_own(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = iter([redis.port, free_port()])
    monkeypatch.setattr("tests.redis_server.free_port", lambda: next(ports))
    folder = tmp_path / "another"
    folder.mkdir()
    with running_redis(folder) as another:
        assert another.port != redis.port
        assert another.client.info("server")["process_id"] != redis.client.info("server")["process_id"]


def test_a_redis_behind_a_socket_counts_too(make_client: MakeClient, redis: RedisServer) -> None:
    client = make_client(
        predictor=FixedPredictor(), rate_limit="1/hour", redis_url=f"unix://{redis.socket}?db=1"
    )
    assert statuses(2)(client) == [415, 429]
    redis.client.select(1)
    assert len(redis.client.keys()) == 1


def test_who_has_the_secret_counts_together_and_nobody_else_can_tell_whose_counts_they_are(
    make_client: MakeClient, redis: RedisServer
) -> None:
    def client(secret: str) -> FlaskClient:
        return make_client(
            predictor=FixedPredictor(), rate_limit="2/hour", redis_url=redis.url, cache_key=secret
        )

    one, other, stranger = client("a" * 32), client("a" * 32), client("b" * 32)
    assert [ask(each).status_code for each in (one, other, one, stranger)] == [415, 415, 429, 415]
    names = [name.decode() for name in redis.client.scan_iter()]
    assert len(names) == 2
    guess = hashlib.sha256(b"address:192.0.2.1").hexdigest()
    assert not [name for name in names if guess[:8] in name]
