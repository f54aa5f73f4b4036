"""Have each film that somebody was let in with recorded before its answer is given; off unless set up."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, current_app, g

from backend.app.access import role_needed
from backend.app.audit_log import AuditLog, AuditUnavailable
from backend.app.settings import SettingError, Settings

log = logging.getLogger("pneumonet")


def open_log(settings: Settings) -> AuditLog | None:
    """Return the log, if one is set up; raise SettingError where it has no key."""
    if settings.audit_log is None:
        return None
    if not settings.audit_key:
        raise SettingError("AUDIT_KEY must be set too: AUDIT_LOG is sealed with it")
    return AuditLog(settings.audit_log, settings.audit_key, settings.audit_max_bytes)


def check(settings: Settings) -> None:
    """Raise SettingError where the log cannot be written; later that costs answers, not the service."""
    audit_log = open_log(settings)
    if audit_log is None:
        return
    try:
        audit_log.check()
    except AuditUnavailable as error:
        raise SettingError(f"AUDIT_LOG cannot be written: {error}") from None


def init_app(app: Flask, audit_log: AuditLog | None) -> None:
    app.extensions["audit_log"] = audit_log
    if audit_log is not None:
        app.after_request(_record)


def note_film(data: bytes) -> None:
    """Remember a film by its keyed hash, for the record at the request's end."""
    audit_log: AuditLog | None = current_app.extensions["audit_log"]
    if audit_log is not None:
        g.film = audit_log.fingerprint(data)


def _record(response: Response) -> Response:
    """Write down what is answered; where that fails, answer that instead."""
    if role_needed() != "predict" or not g.get("admitted"):
        return response
    said: dict[str, Any] = (response.get_json(silent=True) if response.is_json else None) or {}
    caller = g.caller
    audit_log: AuditLog = current_app.extensions["audit_log"]
    try:
        audit_log.append(
            {
                "who": {"kind": caller.kind, "name": caller.name} if caller else None,
                "film": g.get("film"),
                "status": response.status_code,
                "code": said.get("code"),
                "prediction": said.get("prediction"),
                "risk_code": said.get("risk_code"),
                "model_version": said.get("model_version"),
                "request_id": g.request_id,
            }
        )
    except AuditUnavailable as error:
        log.error("audit log cannot be written", extra={"fields": {"reason": str(error)}})
        withheld = current_app.make_response(current_app.handle_user_exception(error))
        withheld.headers["Cache-Control"] = "no-store"  # as the answer that it replaces had
        return withheld
    return response
