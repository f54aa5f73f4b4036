"""Settings come from the environment, and a wrong one says what it takes."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from backend.app import create_app
from backend.app.settings import SettingError, Settings
from tests.fakes import FixedPredictor

README = Path(__file__).parent.parent / "README.md"


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_every_kind_of_value_is_read() -> None:
    found = Settings.from_environment(
        {
            "HOST": "0.0.0.0",
            "PORT": "8080",
            "WARM_UP": "true",
            "WEIGHTS_DIR": "/srv/weights",
            "DEADLINE_SECONDS": "2.5",
            "ENGINE_THREADS": "0",
            "CORS_ORIGINS": "https://a.example, https://b.example",
        }
    )
    assert (found.host, found.port, found.warm_up, found.deadline_seconds) == ("0.0.0.0", 8080, True, 2.5)
    assert found.weights_dir == Path("/srv/weights")
    assert found.engine_threads == 0
    assert found.cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("QUEUE_LIMIT", "-1"),
        ("WARM_UP", "maybe"),
        ("DEADLINE_SECONDS", "inf"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_value_that_means_nothing_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name} must be .*{value}"):
        Settings.from_environment({name: value})


def test_flasks_own_variable_does_not_switch_debugging_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = create_app(Settings(), FixedPredictor())
    assert not app.debug
    assert not app.jinja_env.auto_reload


def test_the_readmes_table_is_every_setting_with_its_default_and_meaning() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \| `?(.*?)`? \| (.*?) \|$", README.read_text(), flags=re.MULTILINE)
    assert table == [
        (each.name.upper(), shown(each.default), each.metadata["help"]) for each in fields(Settings)
    ]


def shown(default: object) -> str:
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, tuple):
        return ",".join(default)
    if default is None:
        return ""
    if isinstance(default, Path):
        return str(default.relative_to(README.parent))
    return str(default)
