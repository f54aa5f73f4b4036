"""Measure in a process of its own, so that one thing's memory and threads do not disturb another's.

A question and its answer are a line of JSON each; between questions the process waits and costs nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TypeVar

from tests.e2e.conftest import ROOT

Result = TypeVar("Result")


class Child(AbstractContextManager["Child"]):
    """A module of this package that answers questions."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, question: str, **arguments: Any) -> Any:
        """Return the answer; raise RuntimeError where the process ended instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([question, arguments]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process that measures ended with status {self._process.wait()}")
        return json.loads(line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # At the end of its input the process ends by itself.
        self._process.communicate()


def repeat(call: Callable[[], Result], rounds: int, seconds: float) -> list[Result]:
    """Return what so many calls return, or as many as begin within the seconds, but one."""
    end = time.monotonic() + seconds
    found = [call()]
    while len(found) < rounds and time.monotonic() < end:
        found.append(call())
    return found


def answer(answers: Mapping[str, Callable[..., Any]]) -> None:
    """Answer questions by name until there are no more."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    for line in sys.stdin:
        question, arguments = json.loads(line)
        print(json.dumps(answers[question](**arguments)), file=out, flush=True)
