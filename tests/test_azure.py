"""deploy/azure: documents that Azure's SDK understands whole, and a script that stops before it does harm."""

from __future__ import annotations

import copy
import os
import re
import shutil
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.app.access import Access
from backend.app.settings import Settings
from tests.azure_models import unknown_in_container_app, unknown_in_container_group

AZURE = Path(__file__).parent.parent / "deploy" / "azure"
KEYS = f"ward-3:predict:{'0' * 64},prometheus:predict+metrics:{'1' * 64}"
VALUES = {
    "NAME": "pneumonet",
    "LOCATION": "westeurope",
    "IMAGE": "registry.azurecr.io/pneumonet:1.0.0",
    "REGISTRY_SERVER": "registry.azurecr.io",
    "IDENTITY_ID": "/subscriptions/1/resourceGroups/g/providers/id",
    "ENVIRONMENT_ID": "/subscriptions/1/resourceGroups/g/providers/environment",
    "CORS_ORIGINS": "https://page.example",
    "API_KEYS": KEYS,
}
KINDS = {
    "container-app.yaml": unknown_in_container_app,
    "container-instance.yaml": unknown_in_container_group,
}


def filled(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(string.Template((AZURE / name).read_text()).substitute(VALUES))
    return document


def keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key of a document that the SDK names; what stands in maps of free names is left out."""
    if isinstance(value, dict):
        for key, each in value.items():
            if path[-1:] not in [("metadata",), ("userAssignedIdentities",)]:
                yield (*path, key)
            yield from keys(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from keys(each, (*path, index))


@pytest.mark.parametrize("name", KINDS)
def test_the_sdk_understands_every_key(name: str) -> None:
    assert KINDS[name](filled(name)) == []


@pytest.mark.parametrize("name", KINDS)
def test_a_slip_in_any_key_is_found(name: str) -> None:
    document = filled(name)
    slips = [path for path in keys(document) if path != ("apiVersion",)]
    assert len(slips) > 40
    for path in slips:
        spoilt = copy.deepcopy(document)
        place = spoilt
        for step in path[:-1]:
            place = place[step]
        place[f"{path[-1]}s"] = place.pop(path[-1])
        assert any(found.endswith(f"{path[-1]}s") for found in KINDS[name](spoilt)), path


def test_container_apps_serve_https_alone_and_probe_and_scale() -> None:
    properties = filled("container-app.yaml")["properties"]
    ingress, template = properties["configuration"]["ingress"], properties["template"]
    assert (ingress["external"], ingress["targetPort"], ingress["allowInsecure"]) == (True, 8080, False)
    (container,) = template["containers"]
    probes = {each["type"]: each["httpGet"]["path"] for each in container["probes"]}
    assert probes == {"Startup": "/ready", "Liveness": "/health", "Readiness": "/ready"}
    (rule,) = template["scale"]["rules"]
    assert 1 <= template["scale"]["minReplicas"] < template["scale"]["maxReplicas"]
    readme = (AZURE / "README.md").read_text()
    assert f"`concurrentRequests: {rule['http']['metadata']['concurrentRequests']}`" in readme


def test_a_container_instance_has_two_cores_four_gigabytes_and_both_probes() -> None:
    (container,) = filled("container-instance.yaml")["properties"]["containers"]
    properties = container["properties"]
    assert properties["resources"]["requests"] == {"cpu": 2, "memoryInGB": 4}
    assert properties["livenessProbe"]["httpGet"]["path"] == "/health"
    assert properties["readinessProbe"]["httpGet"]["path"] == "/ready"
    ports = [each["port"] for each in properties["ports"]]
    assert ports == [properties[probe]["httpGet"]["port"] for probe in ("livenessProbe",)] == [8080]


@pytest.mark.parametrize("name", KINDS)
def test_no_secret_is_written_down(name: str) -> None:
    document = filled(name)
    assert {str(path[-1]) for path in keys(document)}.isdisjoint(
        {"password", "secureValue", "secrets", "username"}
    )
    settings = re.findall(r"- name: ([A-Z_]+)\n", (AZURE / name).read_text())
    assert set(settings) <= {"WARM_UP", "CORS_ORIGINS", "TRUSTED_PROXIES", "PUBLIC", "API_KEYS"}


@pytest.mark.parametrize("name", KINDS)
def test_the_service_is_public_and_asks_for_the_keys_that_it_is_given(name: str) -> None:
    (container,) = found_containers(filled(name))
    given = {each["name"]: each["value"] for each in container}
    settings = Settings.from_environment(given)
    assert settings.public
    assert not settings.allow_anonymous
    assert Access(settings).required


def found_containers(document: dict[str, Any]) -> list[list[dict[str, str]]]:
    """Return each container's environment."""
    properties = document["properties"]
    if "template" in properties:
        return [each["env"] for each in properties["template"]["containers"]]
    return [each["properties"]["environmentVariables"] for each in properties["containers"]]


def test_shellcheck_finds_nothing() -> None:
    checker = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert checker
    scripts = [AZURE / "deploy.sh", AZURE.parent.parent / ".ci" / "run"]
    found = subprocess.run([checker, *scripts], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


REQUIRED = {
    "RESOURCE_GROUP": "group",
    "LOCATION": "westeurope",
    "REGISTRY": "registry",
    "IMAGE_TAG": "1.0.0",
    "API_KEYS": KEYS,
}
# It writes down what it is asked and the document it is given, and answers what a query would.
AZ = """#!/usr/bin/env bash
echo "$*" >> "$CALLS"
case "$*" in
  "account show"*) [ -n "$LOGGED_IN" ] && echo Subscription || { echo "Please run az login" >&2; exit 1; } ;;
  *"repository show"*) [ -n "$PUSHED" ] || exit 3 ;;
  *loginServer*) echo registry.azurecr.io ;;
  *"env show"*"--output none"*) [ -n "$HAS_ENVIRONMENT" ] || exit 3 ;;
  *"--query id"*) echo "/subscriptions/1/$1/$2" ;;
  *principalId*) echo 00000000-0000-0000-0000-000000000001 ;;
  *fqdn*) echo pneumonet.example.azure ;;
esac
previous=
for word in "$@"; do
  case $previous in --yaml | --file) cp "$word" "$CALLS.yaml" ;; esac
  previous=$word
done
"""

Deploy = Callable[..., tuple[subprocess.CompletedProcess[str], list[str]]]


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    """Run deploy.sh with an az that only takes notes; return how it ended, and the notes."""
    if shutil.which("envsubst") is None:
        pytest.skip("envsubst is not installed (Debian: gettext-base)")
    (tmp_path / "az").write_text(AZ)
    (tmp_path / "az").chmod(0o755)

    def run(*arguments: str, **changed: str | None) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        calls = tmp_path / "calls"
        calls.unlink(missing_ok=True)
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "CALLS": str(calls),
            "LOGGED_IN": "1",
            "PUSHED": "1",
            "HAS_ENVIRONMENT": "",
            **REQUIRED,
            **changed,
        }
        done = subprocess.run(
            [AZURE / "deploy.sh", *arguments],
            env={name: value for name, value in environment.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done, calls.read_text().splitlines() if calls.exists() else []

    return run


def changes(calls: list[str]) -> list[str]:
    return [call for call in calls if " create " in call]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named_before_anything_is_asked(deploy: Deploy, name: str) -> None:
    done, calls = deploy(**{name: None})
    assert (done.returncode, done.stderr) == (1, f"deploy.sh: set {name} first\n")
    assert calls == []


@pytest.mark.parametrize(
    ("arguments", "changed", "complaint"),
    [
        (["web"], {}, "say app or instance"),
        ([], {"IMAGE_TAG": "latest"}, "name a version"),
        ([], {"NAME": "Pneumo_Net"}, "NAME must be"),
        ([], {"API_KEYS": 'x"\n- name: ALLOW_ANONYMOUS'}, "API_KEYS must be"),
        ([], {"LOGGED_IN": ""}, "log in first: az login"),
        ([], {"PUSHED": ""}, "push the image first"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_changed(
    deploy: Deploy, arguments: list[str], changed: dict[str, str], complaint: str
) -> None:
    done, calls = deploy(*arguments, **changed)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert changes(calls) == []


def test_az_that_is_not_installed_is_missed(deploy: Deploy, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "dirname", "env"):
        (tools / name).symlink_to(shutil.which(name) or "")
    done, _ = deploy(PATH=str(tools))
    assert (done.returncode, done.stderr) == (1, "deploy.sh: az is not installed\n")


def test_an_app_is_deployed_in_order_and_its_address_told(deploy: Deploy, tmp_path: Path) -> None:
    done, calls = deploy()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "==> serving at https://pneumonet.example.azure"
    assert [" ".join(call.split()[: call.split().index("create")]) for call in changes(calls)] == [
        "group",
        "identity",
        "role assignment",
        "containerapp env",
        "containerapp",
    ]
    applied = yaml.safe_load((tmp_path / "calls.yaml").read_text())
    assert unknown_in_container_app(applied) == []
    assert applied["properties"]["environmentId"] == "/subscriptions/1/containerapp/env"
    assert (
        applied["properties"]["template"]["containers"][0]["image"] == "registry.azurecr.io/pneumonet:1.0.0"
    )
    assert "$" not in (tmp_path / "calls.yaml").read_text().split("properties:", 1)[1]


def test_an_environment_that_is_there_is_kept(deploy: Deploy) -> None:
    done, calls = deploy(HAS_ENVIRONMENT="1")
    assert done.returncode == 0, done.stderr
    assert not any(call.startswith("containerapp env create") for call in calls)


def test_an_instance_is_deployed_and_said_to_lack_https(deploy: Deploy, tmp_path: Path) -> None:
    done, calls = deploy("instance", CORS_ORIGINS="https://page.example")
    assert done.returncode == 0, done.stderr
    assert "http://pneumonet.example.azure:8080, without HTTPS" in done.stdout
    assert not any(call.startswith("containerapp") for call in calls)
    applied = yaml.safe_load((tmp_path / "calls.yaml").read_text())
    assert unknown_in_container_group(applied) == []
    environment = applied["properties"]["containers"][0]["properties"]["environmentVariables"]
    assert {"name": "CORS_ORIGINS", "value": "https://page.example"} in environment
