"""package-lock.json installs on every platform, from whatever registry is configured there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parent.parent / "frontend" / "package-lock.json"
PACKAGES: dict[str, dict[str, Any]] = json.loads(LOCK.read_text())["packages"]


def resolved(wanted: str, by: str) -> bool:
    """Whether Node.js would find a package from the folder of another, its own node_modules first."""
    while by:
        if f"{by}/node_modules/{wanted}" in PACKAGES:
            return True
        by = by.rpartition("node_modules/")[0].rstrip("/")
    return f"node_modules/{wanted}" in PACKAGES


def left_out() -> Iterator[str]:
    for folder, package in PACKAGES.items():
        for wanted in {**package.get("dependencies", {}), **package.get("optionalDependencies", {})}:
            if not resolved(wanted, folder):
                yield f"{wanted} of {folder}"


def test_the_native_tools_of_every_platform_are_named() -> None:
    assert not list(left_out())
    for platform in ("linux-x64-gnu", "linux-x64-musl", "linux-arm64-gnu", "darwin-arm64", "win32-x64-msvc"):
        assert f"node_modules/@rollup/rollup-{platform}" in PACKAGES
        assert f"node_modules/@rolldown/binding-{platform}" in PACKAGES
        assert f"node_modules/@tailwindcss/oxide-{platform}" in PACKAGES


def test_every_package_is_held_to_its_checksum_and_to_no_one_registry() -> None:
    fetched = {folder: each for folder, each in PACKAGES.items() if folder and not each.get("inBundle")}
    assert len(fetched) > 500
    assert [
        folder for folder, each in fetched.items() if not each.get("integrity", "").startswith("sha512-")
    ] == []
    assert [folder for folder, each in fetched.items() if "resolved" in each] == []
