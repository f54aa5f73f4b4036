"""Refuse to start where the settings do not hold together."""

from __future__ import annotations

from backend.app import audit, limits
from backend.app.access import Access
from backend.app.settings import Settings


def check(settings: Settings) -> None:
    """Raise SettingError that says what to do; to be called before any process is made."""
    Access(settings).check()
    audit.check(settings)
    limits.check(settings.redis_url)
