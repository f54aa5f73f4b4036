"""python -m backend: a film for who has none, answers without a server, and a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.__main__ import main
from backend.inference.images import read_film
from backend.inference.synthetic import draw_chest_film
from tests.e2e.conftest import ROOT, free_port, wait_for_health


@pytest.fixture(autouse=True)
def served_weights(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_DIR", str(weights))


def test_sample_draws_the_same_film_each_time(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.png", "b.png", "ill.png")]
    assert [main(["sample", str(path)]) for path in paths[:2]] == [0, 0]
    assert main(["sample", "--opacity", str(paths[2])]) == 0
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()
    assert (read_film(paths[0].read_bytes()) == draw_chest_film()).all()


def test_sample_says_why_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(tmp_path / "nowhere" / "film.png")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_predict_prints_a_table_with_a_line_a_file(
    tmp_path: Path, png: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    film, text = tmp_path / "film.png", tmp_path / "notes.txt"
    film.write_bytes(png)
    text.write_text("not a film")
    assert main(["predict", str(film)]) == 0
    line = capsys.readouterr().out.strip()
    assert line.startswith(str(film))
    assert "%" in line

    assert main(["predict", str(film), str(text), str(tmp_path / "missing")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("The file is neither a JPEG nor a PNG image.")
    assert "No such file" in lines[2]


def test_predict_as_json_is_what_the_api_says(
    tmp_path: Path, png: bytes, client: object, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(png)
    assert main(["predict", "--json", str(film)]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    answer = client.post("/predict", data=png).get_json()  # type: ignore[attr-defined]
    for field in ("prediction", "confidence", "risk_level", "risk_code", "model_version", "disclaimer"):
        assert result[field] == answer[field]
    assert result["probabilities"] == pytest.approx(answer["probabilities"], abs=1e-5)


def test_predict_says_which_setting_means_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENGINE_THREADS", "many")
    assert main(["predict", "film.png"]) == 2
    assert "ENGINE_THREADS must be" in capsys.readouterr().err


def test_predict_says_why_the_networks_do_not_load(
    tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEIGHTS_DIR", str(tmp_path))
    film = tmp_path / "film.png"
    film.write_bytes(png)
    assert main(["predict", str(film)]) == 1
    assert "card.json" in capsys.readouterr().err


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    for command in ("serve", "predict", "sample", "doctor", "key", "audit"):
        assert f"python -m backend {command}" in told


def test_serve_says_which_setting_means_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    assert main(["serve"]) == 2
    assert "PORT must be" in capsys.readouterr().err


def test_serve_is_gunicorn_itself_which_leaves_in_peace(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "backend", "serve"], cwd=tmp_path, env=environment)
    try:
        wait_for_health(f"http://127.0.0.1:{port}", 60)
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0
