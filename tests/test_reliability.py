"""What docs/reliability.md says was measured, and what docs/security.md names exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.soak.__main__ import SCENARIOS
from tests.soak.faults import missing
from tests.soak.tables import FOLDER, ROOT, rows

PAGES = ROOT / "docs"


def test_every_row_is_a_report_and_every_report_a_row() -> None:
    text = (PAGES / "reliability.md").read_text()
    table = text.split("\n| --- | --- | --- |\n")[1].split("\n\n")[0].splitlines()
    assert sorted(table) == sorted(rows())
    assert len(table) >= 1


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_every_report_is_of_a_scenario_that_was_passed(file: Path) -> None:
    report = json.loads(file.read_text())
    assert report["scenario"] in SCENARIOS
    assert report["figures"]["passed"]
    assert set(report) == {"scenario", "command", "date", "machine", "minutes", "figures"}


def test_every_fault_was_borne_as_is_promised_now() -> None:
    """A report keeps the verdict of its time; what is promised may have become more since."""
    report = json.loads((FOLDER / "faults.json").read_text())
    assert list(missing(report["figures"])) == []


def test_the_long_forms_together_take_less_than_ninety_minutes() -> None:
    assert sum(SCENARIOS.values()) < 90


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_test_and_file_that_a_page_names_exists(page: str) -> None:
    named = re.findall(r"`((?:tests|backend|docker|nginx-azure)/[\w./-]+)`", (PAGES / page).read_text())
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_security_links_to_both_pages() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    assert "(docs/security.md)" in text
    assert "(docs/reliability.md)" in text
