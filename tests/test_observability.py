"""Dashboard and alerts ask for what /metrics has, and Grafana and Prometheus accept them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.fakes import FixedPredictor
from tests.test_metrics import Samples, scrape

FOLDER = Path(__file__).parent.parent / "deploy" / "observability"
ALERTS, DASHBOARD = FOLDER / "alerts.yml", FOLDER / "dashboard.json"
TESTS = sorted(FOLDER.glob("*.test.yml"))

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def queries() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"]


def names(text: str) -> set[str]:
    return set(re.findall(r"pneumonet_\w+", text))


@pytest.fixture
def exposed(make_client: Callable[..., FlaskClient], png: bytes) -> Samples:
    client = make_client(predictor=FixedPredictor())
    client.post("/predict", data=png)
    return scrape(client)


@pytest.mark.parametrize("file", [ALERTS, DASHBOARD, *TESTS], ids=lambda file: file.name)
def test_every_metric_that_is_named_is_one_that_is_exposed(file: Path, exposed: Samples) -> None:
    named = names(file.read_text())
    assert len(named) > 2
    assert named <= {name for name, _ in exposed}


@pytest.mark.parametrize("file", [ALERTS, DASHBOARD], ids=lambda file: file.name)
def test_every_label_that_is_named_is_one_that_is_exposed(file: Path, exposed: Samples) -> None:
    text = "\n".join(queries()) if file is DASHBOARD else file.read_text()
    # Those that Prometheus itself adds.
    labels = {label for _, has in exposed for label, _ in has} | {"job", "instance"}
    named = set(re.findall(r'(\w+)=~?"', text))
    for grouping in re.findall(r"\bby \(([^)]*)\)", text):
        named |= {label.strip() for label in grouping.split(",")}
    assert len(named) > 3
    assert named <= labels


def test_every_metric_is_on_the_dashboard(exposed: Samples) -> None:
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names("\n".join(queries()))}
    ours = {name for name, _ in exposed if name.startswith("pneumonet_")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours} == shown


def test_grafanas_own_model_reads_the_dashboard_and_leaves_nothing_over() -> None:
    plugins.register_default_plugins()
    raw = json.loads(DASHBOARD.read_text())
    read = json.loads(json.dumps(Dashboard.from_json(raw), cls=JSONEncoder))
    assert list(left_over(raw, read)) == []


def left_over(raw: Any, read: Any, place: str = "") -> Iterator[str]:
    """Yield where `read` says other than `raw`; what the model adds by default does not count."""
    if isinstance(raw, dict) and isinstance(read, dict):
        for key, value in raw.items():
            yield from left_over(value, read.get(key), f"{place}.{key}")
    elif isinstance(raw, list) and isinstance(read, list) and len(raw) == len(read):
        for number, (one, other) in enumerate(zip(raw, read, strict=True)):
            yield from left_over(one, other, f"{place}[{number}]")
    elif raw != read:
        yield place


def test_panels_neither_overlap_nor_share_an_id() -> None:
    assert len({panel["id"] for panel in panels()}) == len(panels()) > 10
    cells = [
        (column, row)
        for place in (panel["gridPos"] for panel in panels())
        for column in range(place["x"], place["x"] + place["w"])
        for row in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) < 24


@needs_promtool
def test_prometheus_accepts_the_alerts() -> None:
    assert "SUCCESS: 7 rules found" in promtool("check", "rules", str(ALERTS))


@needs_promtool
def test_each_alert_fires_on_what_it_is_for_and_not_otherwise() -> None:
    assert len(TESTS) == 2
    promtool("test", "rules", *map(str, TESTS))
    tested = "\n".join(file.read_text() for file in TESTS)
    for alert in re.findall(r"alert: (\w+)", ALERTS.read_text()):
        assert re.search(rf"alertname: {alert}, eval_time: \w+, exp_alerts: \[\]", tested)
        assert re.search(rf"alertname: {alert}\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels", tested)


@needs_promtool
def test_prometheus_accepts_the_dashboards_queries(tmp_path: Path) -> None:
    variables = {"$__rate_interval": "1m", "$__range": "6h", "$job": "pneumonet"}
    rules = []
    for number, query in enumerate(queries()):
        for name, value in variables.items():
            query = query.replace(name, value)
        assert "$" not in query
        rules.append({"record": f"panel:{number}", "expr": query})
    file = tmp_path / "queries.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", str(file))


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_list_of_metrics_and_alerts_is_complete(exposed: Samples) -> None:
    text = (FOLDER / "README.md").read_text()
    ours = {name for name, _ in exposed if name.startswith("pneumonet_")}
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours}
    assert set(re.findall(r"^\| `(pneumonet_\w+)`", text, flags=re.MULTILINE)) == bare
    alerts = re.findall(r"alert: (\w+)", ALERTS.read_text())
    assert re.findall(r"^\| `(PneumoNet\w+)`", text, flags=re.MULTILINE) == alerts
