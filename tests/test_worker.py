"""gunicorn's worker looks after itself: signs of life while it loads, and an eye on what hangs."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from gunicorn.config import Config

from backend.app import create_app, stages
from backend.app.queue import DeadlineExceeded, Overloaded
from backend.app.settings import Settings
from backend.inference.lazy import LazyPredictor
from backend.worker import LEAVING_SECONDS, DrainingWorker
from tests.fakes import FixedReader
from tests.test_ready import eventually


class SlowToLoad(LazyPredictor):
    def __init__(self) -> None:
        self.release = threading.Event()
        super().__init__(self._slowly)

    def _slowly(self) -> FixedReader:
        assert self.release.wait(timeout=60)
        return FixedReader((0.8, 0.15, 0.05), lambda: None)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[DrainingWorker]:
    monkeypatch.setattr("backend.worker.HUNG_SECONDS", 0.0)
    worker = DrainingWorker(1, os.getppid(), [], None, 2.5, Config(), logging.getLogger("test"))
    predictor = SlowToLoad()
    app = create_app(Settings(), predictor)
    worker.app = type("App", (), {"wsgi": lambda self: app})()
    worker.load_wsgi()
    yield worker
    predictor.release.set()
    assert eventually(lambda: not predictor.loading)
    worker.tmp.close()
    gc.unfreeze()


def silence_allowed(worker: DrainingWorker) -> float:
    return float(worker.tmp.last_update()) - time.monotonic()


def run(worker: DrainingWorker, work: Callable[[], object], seconds: float, line: str = "queue") -> object:
    with worker.wsgi.test_request_context():
        stages.begin()
        return worker.wsgi.extensions[line].run(work, seconds)


def give_up(worker: DrainingWorker, work: Callable[[], object], line: str = "queue") -> None:
    with pytest.raises(DeadlineExceeded):
        run(worker, work, 0.05, line)


def test_while_it_loads_silence_is_no_death(worker: DrainingWorker) -> None:
    worker.notify()
    assert silence_allowed(worker) <= 0.001
    thread = threading.Thread(target=worker.predictor.warm_up)
    thread.start()  # no loop turns meanwhile: the load itself says that it begins
    assert eventually(lambda: silence_allowed(worker) > 60)
    worker.predictor.release.set()
    thread.join(timeout=60)
    assert silence_allowed(worker) <= 0.001  # nor does one turn at its end


def test_a_worker_that_replaces_another_and_cannot_start_leaves_the_service_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise MemoryError

    monkeypatch.setattr("backend.worker._NEXT_TRY_SECONDS", 0.0)
    for age, how in ((1, MemoryError), (2, SystemExit)):
        late = DrainingWorker(age, os.getppid(), [], None, 2.5, Config(), logging.getLogger("test"))
        late.app = type("App", (), {"wsgi": lambda self: broken()})()
        with pytest.raises(how):
            late.load_wsgi()
        late.tmp.close()


def test_the_collector_passes_over_what_the_networks_brought(worker: DrainingWorker) -> None:
    worker.predictor.release.set()
    assert gc.get_freeze_count() == 0
    worker.predictor.warm_up()
    assert gc.get_freeze_count() > 10_000


def test_a_film_that_waits_for_the_networks_does_not_hang(worker: DrainingWorker) -> None:
    give_up(worker, worker.predictor.warm_up)
    assert eventually(lambda: worker.predictor.loading, 60)
    worker.notify()
    assert (worker.alive, worker.hung) == (True, False)
    worker.predictor.release.set()
    assert eventually(lambda: worker.wsgi.extensions["queue"].given_up == 0)


def test_a_load_that_does_not_end_hangs(worker: DrainingWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.readiness.load()
    assert eventually(lambda: worker.predictor.loading_seconds > 0, 60)
    worker.notify()
    assert (worker.alive, worker.hung, worker.readiness.state()) == (True, False, "ready")
    for module in ("backend.worker", "backend.app.readiness"):
        monkeypatch.setattr(f"{module}.LOADING_SECONDS", 0.0)
    assert eventually(lambda: worker.readiness.state() == "loading")
    worker.notify()
    assert silence_allowed(worker) <= 0.001
    assert (worker.alive, worker.hung, worker.readiness.state()) == (False, True, "draining")
    worker.predictor.release.set()
    assert eventually(lambda: worker.predictor.loaded, 60)
    assert worker.predictor.loading_seconds == 0


@pytest.mark.parametrize("line", ["queue", "decoders"])
def test_work_long_past_its_deadline_hangs(
    worker: DrainingWorker, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    release = threading.Event()
    worker.predictor.release.set()
    worker.predictor.warm_up()
    give_up(worker, lambda: release.wait(60), line)
    with monkeypatch.context() as patience:
        patience.setattr("backend.worker.HUNG_SECONDS", 3600.0)
        worker.notify()
    assert worker.alive
    worker.notify()
    assert (worker.alive, worker.hung, worker.readiness.state()) == (False, True, "draining")
    for other in ("queue", "decoders"):
        with pytest.raises(Overloaded):
            run(worker, lambda: None, 3600, other)
    release.set()


@pytest.mark.parametrize(("grace", "left"), [(23, LEAVING_SECONDS), (1, 1)])
def test_who_gives_itself_up_has_no_more_than_a_few_seconds(
    worker: DrainingWorker, grace: int, left: int
) -> None:
    release = threading.Event()
    worker.predictor.release.set()
    worker.predictor.warm_up()
    worker.cfg.set("graceful_timeout", grace)
    worker.notify()
    assert worker.cfg.graceful_timeout == grace
    give_up(worker, lambda: release.wait(60))
    worker.notify()
    assert worker.cfg.graceful_timeout == left
    release.set()


def test_who_waits_in_a_worker_that_gives_itself_up_is_sent_away_at_once(worker: DrainingWorker) -> None:
    """Though one turn alone hangs: the worker would stay until the last of them had been read."""
    release, began = threading.Event(), threading.Event()
    worker.predictor.release.set()
    worker.predictor.warm_up()
    give_up(worker, lambda: release.wait(60))

    def read() -> str:
        began.set()
        release.wait(60)
        return "read"

    with ThreadPoolExecutor(2) as clients:
        reads = clients.submit(run, worker, read, 3600)
        assert began.wait(60)
        waits = clients.submit(run, worker, lambda: None, 3600)
        assert eventually(lambda: len(worker.wsgi.extensions["queue"]._turns._line) == 1, 60)
        worker.notify()
        assert isinstance(waits.exception(timeout=60), Overloaded)
        with pytest.raises(Overloaded):
            run(worker, lambda: None, 3600)
        release.set()
        assert reads.result(timeout=60) == "read"
