"""nginx's configuration and the Dockerfiles, checked by the programs that read them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from backend.app.headers import page_policy
from backend.app.settings import Settings
from docker import entrypoint
from docker.nginx import TEMPLATE, write_config

ROOT = Path(__file__).parent.parent
DOCKERFILES = [ROOT / "Dockerfile.combined", ROOT / "docker" / "Dockerfile.api"]

READ_A_FILM = """
import json, os, sys
from backend.wsgi import app
answer = app.test_client().post("/predict", data=sys.stdin.buffer.read())
files = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
if os.path.exists("/proc/self/maps"):  # the libraries too
    files |= {line.split(maxsplit=5)[-1].strip() for line in open("/proc/self/maps")}
home = os.path.realpath(sys.prefix)
inside = ["/" + os.path.relpath(file, home) for file in map(os.path.realpath, files) if file.startswith(home)]
print(json.dumps({"status": answer.status_code, "files": inside}))
"""


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(trusted_proxies=("10.0.0.0/8", "2001:db8::/32"), host="::1", nginx_host="[::1]"),
        Settings(nginx_host="::"),
        Settings(page_dir=Path("missing"), max_body_bytes=2**30, deadline_seconds=0.5),
    ],
)
def test_nginx_accepts_its_configuration(settings: Settings, tmp_path: Path) -> None:
    config = write_config(settings, tmp_path)
    done = subprocess.run(
        ["nginx", "-t", "-e", "stderr", "-c", str(config)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, "warn" in done.stderr) == (0, False), done.stderr


def test_every_name_of_the_template_is_filled_in(tmp_path: Path) -> None:
    assert re.findall(r"\$\{[A-Z_]+\}", TEMPLATE.read_text())
    assert not re.findall(r"\$\{", write_config(Settings(), tmp_path).read_text())


@pytest.mark.parametrize("folder", ["a b", "a;b", "a{b", 'a"b', "a$b", "a\nb"])
def test_a_path_that_would_be_a_directive_is_refused(folder: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nginx cannot be given"):
        write_config(Settings(page_dir=Path(folder)), tmp_path)


def test_flask_alone_sets_cors_headers() -> None:
    assert "Access-Control" not in TEMPLATE.read_text()


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_hadolint_finds_nothing_that_is_not_explained(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    lines = file.read_text().splitlines()
    for number, line in enumerate(lines):
        if "hadolint ignore" in line:
            assert re.match(r"# \w+: .{20}", lines[number - 1]), "an exception without its reason"


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.name)
def test_what_the_images_copy_is_there_and_not_ignored(file: Path) -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        line.split()[1:-1] for line in file.read_text().splitlines() if re.match(r"COPY (?!--from)", line)
    ]
    for source in (source for sources in copied for source in sources):
        assert (ROOT / source).exists()
        assert any(source == name or source.startswith(f"{name}/") for name in kept), source
    assert len(copied) >= 4


def test_compose_runs_the_image_as_the_documents_say() -> None:
    (service,) = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"].values()
    told = {"read_only": True, "cap_drop": ["ALL"], "cpus": 2, "mem_limit": "4g", "stop_grace_period": "60s"}
    assert {name: service[name] for name in told} == told
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [mount.split(":")[0] for mount in service["tmpfs"]] == ["/tmp"]


def test_all_that_stopping_may_take_is_less_than_thirty_seconds() -> None:
    [nginx] = re.findall(r"worker_shutdown_timeout (\d+)s;", TEMPLATE.read_text())
    gunicorn = Settings().graceful_seconds
    assert Settings().deadline_seconds < gunicorn
    assert entrypoint._SETTLING_SECONDS + gunicorn + int(nginx) < 30


def test_nginx_bounds_what_it_holds_and_waits_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docker.nginx.available_memory", lambda: 2**30)
    settings = Settings(max_body_bytes=15 * 2**20)
    config = write_config(settings, tmp_path).read_text()
    assert f"limit_conn bodies {2**30 // 4 // (16 * 2**20)};" in config  # a quarter of the memory
    assert "proxy_max_temp_file_size 0;" in config  # or answers would be written to a disk
    assert "client_header_timeout 10s;" in config
    assert "client_body_timeout 15s;" in config


def test_the_images_can_teach_nothing() -> None:
    assert "backend/training" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_images_are_run_by_nobody_in_particular() -> None:
    for file in DOCKERFILES:
        text = file.read_text()
        assert re.findall(r"^USER (.*)$", text, flags=re.MULTILINE) == ["10001:10001"]
        assert text.rindex("USER") > text.rindex("RUN")


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_nothing_that_the_images_leave_out_is_needed_to_read_a_film(
    weights: Path, png: bytes, engine: str
) -> None:
    left_out = [re.findall(r"-path '([^']+)'", file.read_text()) for file in DOCKERFILES]
    assert left_out[0] == left_out[1] != []
    done = subprocess.run(
        [sys.executable, "-c", READ_A_FILM],
        cwd=ROOT,
        env={**os.environ, "WEIGHTS_DIR": str(weights), "DEADLINE_SECONDS": "300", "ENGINE": engine},
        input=png,
        capture_output=True,
        timeout=360,
    )
    read = json.loads(done.stdout)
    assert (read["status"], any(f"/{engine}/" in file for file in read["files"])) == (200, True)
    assert [file for file in read["files"] for pattern in left_out[0] if fnmatch(file, pattern)] == []


def test_nginx_vercel_and_the_app_let_a_browser_do_the_same() -> None:
    told = [
        each["value"]
        for rule in json.loads((ROOT / "vercel.json").read_text())["headers"]
        for each in rule["headers"]
        if each["key"] == "Content-Security-Policy"
    ]
    template = (ROOT / "nginx-azure" / "nginx.conf").read_text()
    assert told == re.findall(r'"" "(default-src [^"]+)"', template) == [page_policy()]
