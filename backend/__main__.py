"""PneumoNet's command line.

python -m backend serve                        serve the page and the API (HOST=, PORT=)
python -m backend predict film.jpeg other.png  read films on disk, without a server
python -m backend sample film.png              draw a synthetic chest film to try things with
python -m backend doctor                       find out what keeps it from serving
python -m backend key ward-3                   make an API key, and the line that lets it in
python -m backend audit verify audit.jsonl     find out whether an audit log is whole
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.app.audit_verify import Broken, verify, verify_log
from backend.app.checks import check
from backend.app.contract import AskedSettings
from backend.app.identity import ROLES
from backend.app.keys import NAME, configured, new_key
from backend.app.schemas import provenance_answer, reading_answer
from backend.app.settings import SettingError, Settings
from backend.doctor import as_text, examine
from backend.inference.errors import ImageError, ModelsUnavailable
from backend.inference.images import Limits, read_film
from backend.inference.lazy import LazyPredictor
from backend.inference.overlay import encode_png
from backend.inference.provenance import sha256_of
from backend.inference.synthetic import draw_chest_film

_GUNICORN = Path(__file__).parent / "gunicorn.conf.py"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m backend", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)

    serve = commands.add_parser(
        "serve", help="serve the page and the API; settings come from the environment"
    )
    serve.set_defaults(run=_serve)

    sample = commands.add_parser("sample", help="draw a synthetic chest film, marked as drawn")
    sample.add_argument("out", type=Path, metavar="OUT.png")
    sample.add_argument("--opacity", action="store_true", help="with an opacity in one lung")
    sample.add_argument("--seed", type=int, default=0, help="another seed draws another film")
    sample.set_defaults(run=_sample)

    predict = commands.add_parser("predict", help="read films on disk")
    predict.add_argument("files", type=Path, nargs="+", metavar="FILE")
    predict.add_argument(
        "--allow-unusual", action="store_true", help="answer what does not look like a chest radiograph, too"
    )
    predict.add_argument("--json", action="store_true", help="print JSON instead of a table")
    predict.set_defaults(run=_predict)

    doctor = commands.add_parser("doctor", help="find out what keeps it from serving")
    doctor.add_argument("--json", action="store_true", help="print JSON instead of a table")
    doctor.set_defaults(run=_doctor)

    key = commands.add_parser("key", help="make an API key, and the line that lets it in")
    key.add_argument("name", type=_key_name, metavar="NAME", help="whose it is: letters, digits and ._-")
    key.add_argument(
        "--role", choices=ROLES, action="append", help="what it allows (predict); may be repeated"
    )
    key.set_defaults(run=_key)

    audit = commands.add_parser("audit", help="find out whether an audit log is whole")
    actions = audit.add_subparsers(required=True)
    whole = actions.add_parser(
        "verify", help="read the chain; AUDIT_KEY, if set, checks each line's seal too"
    )
    whole.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="a log with what was rotated of it, or files in order",
    )
    whole.add_argument("--noted", default="", metavar="HASH", help="a last hash that this printed earlier")
    whole.add_argument(
        "--from",
        type=int,
        dest="start",
        metavar="NUMBER",
        help="the first entry that must be there: of a single log 1, unless older ones were taken away",
    )
    whole.set_defaults(run=_verify)

    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def _serve(_options: argparse.Namespace) -> int:  # noqa: RET503 - where it does not return, it is replaced
    try:
        check(Settings.from_environment())
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    command = [sys.executable, "-m", "gunicorn", "--config", str(_GUNICORN)]
    # In place of this process, so that signals reach it.
    os.execv(sys.executable, [*command, "--pythonpath", str(_GUNICORN.parent.parent)])  # noqa: S606


def _doctor(options: argparse.Namespace) -> int:
    findings = list(examine())
    print(json.dumps([asdict(each) for each in findings], indent=2) if options.json else as_text(findings))
    return 1 if any(each.state == "broken" for each in findings) else 0


def _key_name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("1 to 64 letters, digits and ._-, the first no sign")
    return text


def _key(options: argparse.Namespace) -> int:
    key = new_key()
    print(f"The key, shown this once, for its holder:\n  {key}")
    line = configured(options.name, dict.fromkeys(options.role or ["predict"]), key)
    print(f"For API_KEYS, or a line of API_KEYS_FILE:\n  {line}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    try:
        key = Settings.from_environment().audit_key
        if len(options.files) == 1:
            start = 1 if options.start is None else options.start
            found = verify_log(options.files[0], key, options.noted, start)
        else:
            found = verify(options.files, key, options.noted, options.start)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    except Broken as error:
        print(f"BROKEN: {error}")
        return 1
    seals = "seals checked" if key else "seals not checked, for AUDIT_KEY is not set"
    print(f"OK: entries {found.first} to {found.last}, {seals}; last hash {found.hash}")
    return 0


def _sample(options: argparse.Namespace) -> int:
    film = draw_chest_film(opacity=options.opacity, seed=options.seed)
    try:
        options.out.write_bytes(encode_png(film))
    except OSError as error:
        print(f"{options.out} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _predict(options: argparse.Namespace) -> int:
    try:
        settings = Settings.from_environment()
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    predictor = LazyPredictor.from_weights(settings.weights_dir, settings.engine_threads, settings.engine)
    limits = Limits(settings.max_image_bytes, settings.max_image_pixels)
    results = []
    for path in options.files:
        try:
            data = path.read_bytes()
            film = read_film(data, limits)
            reading = predictor.predict(film, explained=False, allow_unusual=options.allow_unusual)
            asked: AskedSettings = {
                "cam": "none",
                "allow_unusual": options.allow_unusual,
                "correction": None,
            }
            provenance = provenance_answer(reading.origin, sha256_of(data), asked)
            results.append({"file": str(path), **reading_answer(reading, provenance)})
        except OSError as error:
            results.append({"file": str(path), "error": f"The file cannot be read: {error.strerror}."})
        except ImageError as error:
            results.append({"file": str(path), "error": str(error)})
        except ModelsUnavailable as error:
            print(f"The networks cannot be loaded: {error}.", file=sys.stderr)
            return 1
    print(json.dumps(results, indent=2) if options.json else _table(results))
    return 1 if any("error" in result for result in results) else 0


def _table(results: list[dict[str, Any]]) -> str:
    width = max(len(result["file"]) for result in results)
    lines = []
    for result in results:
        name = result["file"].ljust(width)
        if "error" in result:
            lines.append(f"{name}  {result['error']}")
        else:
            answer = f"{result['prediction']:<19}  {result['confidence']:>7}  {result['risk_level']}"
            lines.append(f"{name}  {answer}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
