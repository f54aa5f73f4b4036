"""Measure how many films a running service reads a second, and how long each takes.

python -m tests.bench.throughput http://127.0.0.1:5000 --clients 8 --seconds 30
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import threading
import time
from urllib.parse import urlsplit

from backend.inference.overlay import encode_png
from backend.inference.synthetic import draw_chest_film


def measure(url: str, clients: int, seconds: float) -> list[float]:
    """Return the duration in seconds of each answer that began and ended within the time.

    Raise RuntimeError for an answer that is not 200: a refusal is not a film read.
    """
    film = encode_png(draw_chest_film(900, 1200))
    ask(url, film)  # the networks load with the first film
    durations: list[float] = []
    failures: list[Exception] = []
    end = time.monotonic() + seconds

    def client() -> None:
        try:
            while (started := time.monotonic()) < end:
                ask(url, film)
                if (done := time.monotonic()) <= end:
                    durations.append(done - started)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return durations


def ask(url: str, film: bytes) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    try:
        connection.request("POST", "/predict?cam=map", body=film)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise RuntimeError(f"{response.status}: {body[:200]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    measure(options.url, 1, 1)  # the first films are slower
    durations = sorted(measure(options.url, options.clients, options.seconds))
    p95 = durations[int(0.95 * (len(durations) - 1))]
    print(
        f"{len(durations) / options.seconds:.1f} films/s, "
        f"median {statistics.median(durations):.2f} s, p95 {p95:.2f} s, {options.clients} clients"
    )


if __name__ == "__main__":
    main()
