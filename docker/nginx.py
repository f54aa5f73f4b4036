"""Fill in nginx-azure/nginx.conf."""

from __future__ import annotations

import math
import os
import pwd
import re
from pathlib import Path

from backend.app.settings import Settings
from backend.app.sizing import PROXY_SHARE
from backend.inference.cpu import available_memory

TEMPLATE = Path(__file__).parent.parent / "nginx-azure" / "nginx.conf"
# Of the distribution's package libnginx-mod-http-brotli-static.
BROTLI_MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
_PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")
# Room for what a form adds to a film: the app's own limit is met first, and its answer read.
_SLACK_BYTES = 2**20


def write_config(settings: Settings, folder: Path) -> Path:
    """Write nginx.conf into a folder that nginx may write to, and return its path; raise ValueError.

    Everything that nginx writes lies in that folder.
    """
    body_bytes = settings.max_body_bytes + _SLACK_BYTES
    values = {
        "LOAD_MODULES": f"load_module {BROTLI_MODULE};" if BROTLI_MODULE.exists() else "",
        "BROTLI": "brotli_static on;" if BROTLI_MODULE.exists() else "",
        # Workers of a master that is root would be somebody else, who may not read the page. No container is.
        "USER": f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else "",
        "RUN_DIR": _plain(folder),
        "PAGE_DIR": _plain(settings.page_dir),
        "NGINX_HOST": _bracketed(_plain(settings.nginx_host)),
        "NGINX_PORT": settings.nginx_port,
        "GUNICORN": f"{_bracketed(_plain(settings.host))}:{settings.port}",
        "REAL_IP": "".join(f"set_real_ip_from {network};" for network in settings.trusted_proxies),
        "TRUSTED_PROXIES": "".join(f"{network} 1;" for network in settings.trusted_proxies),
        "CLIENT_RATE": settings.client_rate,
        "CLIENT_BURST": settings.client_burst,
        "CLIENT_CONNECTIONS": settings.client_connections,
        "BODY_BYTES": body_bytes,
        "BODIES_AT_ONCE": max(1, available_memory() // PROXY_SHARE // body_bytes),
        # Longer than the app's own deadline, whose answer is the one to be read.
        "UPSTREAM_SECONDS": settings.upstream_seconds or math.ceil(settings.deadline_seconds) + 10,
    }
    config = folder / "nginx.conf"
    config.write_text(_PLACEHOLDER.sub(lambda match: str(values[match[1]]), TEMPLATE.read_text()))
    return config


def nginx_address(settings: Settings) -> str:
    """Return the address from which nginx speaks to gunicorn: the one that it speaks to, on this machine."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}  # noqa: S104
    return everywhere.get(settings.host, settings.host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _plain(value: object) -> str:
    """Return the text, refusing what would end a word or a directive of nginx's language."""
    text = str(value)
    if not re.fullmatch(r"[\w./:\[\]~+@%,=-]+", text):
        raise ValueError(f"nginx cannot be given {text!r}: it may hold letters, digits and ./:~+@%,=-_ only")
    return text
