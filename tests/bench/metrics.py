"""What counting costs a film, in CPU time: python -m tests.bench.metrics.

With PROMETHEUS_MULTIPROC_DIR=FOLDER, what it costs where several workers count.
"""

from __future__ import annotations

import statistics
import time

from flask import Flask

from backend.app import stages
from backend.app.metrics import Metrics
from tests.fakes import reading

ROUNDS, REPEATS = 1000, 15


def count_one(metrics: Metrics) -> None:
    """Do all that a film's request does for the metrics, and nothing else of it."""
    stages.begin()
    metrics.in_flight.inc()
    for line in ("decoding", "inference"):
        with metrics.waiting(line):
            pass
    with stages.timed("decode"):
        pass
    stages.took("inference", 0.1)
    stages.took("explain", 0.001)
    metrics.predicted(READING)
    with stages.timed("encode"):
        pass
    metrics.answered("/predict", "POST", 200, 0.1, stages.so_far())
    metrics.in_flight.dec()


READING = reading((0.8, 0.15, 0.05), explained=True)

if __name__ == "__main__":
    metrics, seconds = Metrics(), []
    with Flask(__name__).app_context():
        for _ in range(REPEATS):
            started = time.process_time()
            for _ in range(ROUNDS):
                count_one(metrics)
            seconds.append((time.process_time() - started) / ROUNDS)
        started = time.process_time()
        exposed = metrics.exposition()
        scraped = time.process_time() - started
    print(f"counting a film: best {min(seconds) * 1e6:.0f}, median {statistics.median(seconds) * 1e6:.0f} µs")
    print(f"a scrape: {scraped * 1000:.1f} ms, {len(exposed) / 1024:.0f} KiB")
