"""Run the networks on the CPU with OpenVINO, each on cores of its own, in bfloat16 where the CPU has it.

Side by side on one core each the networks take no longer for one film than one after the other on two, and
less of the cores for many. A film's answer does not depend on what else is read at the time: every film is
computed alone, by the same kernels, on the same number of cores. Whoever only asks for a moment of a core,
to answer a probe or to refuse, has it before them.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product, repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.calibration import calibrate
from backend.inference.card import Card
from backend.inference.cpu import stand_back
from backend.inference.engine import FILMS_AT_ONCE, Output
from backend.inference.errors import EngineRefused
from backend.inference.exports import Export, find_exports
from backend.inference.openvino_runtime import ov
from backend.inference.prepared import keep_prepared, load_prepared, prepared_path

AGREEMENT = 0.02
"""Most that a probability may differ from the reference's, in the check at loading and in the tests."""

_PRECISIONS = {"bfloat16": "bf16", "float32": "f32"}


class OpenVinoEngine:
    """The CPU's engine."""

    name = "openvino"
    device = "cpu"

    def __init__(self, folder: Path, card: Card, threads: int) -> None:
        """Load the networks on so many cores, having them exported if need be; raise EngineRefused."""
        self._side_by_side = threads > 1
        with ExitStack() as stack:
            exports = find_exports(folder, card, stack)
            compiled, is_new = self._first_to_agree(exports, card, threads)
        if is_new:
            for export, network in zip(exports, compiled, strict=True):
                keep_prepared(prepared_path(export.folder, self.precision), network)

    def run(self, inputs: NDArray[np.float32]) -> list[Output]:
        """Return each network's output; see Engine."""
        films = [self._read(repeat(film)) for film in inputs]
        return [
            Output(*(np.concatenate(parts) for parts in zip(*outputs, strict=True)))
            for outputs in zip(*films, strict=True)
        ]

    def _read(self, films: Iterable[NDArray[np.float32]]) -> list[list[NDArray[np.float32]]]:
        """Return each network's outputs for the film that is its own, copied out of the runtime's memory."""
        requests = self._idle.get()
        try:
            for request, film in zip(requests, films, strict=False):
                request.start_async([film[None]], share_inputs=True)
                if not self._side_by_side:
                    request.wait()
            for request in requests:
                request.wait()
            return [
                [request.get_output_tensor(place).data.copy() for place in range(3)] for request in requests
            ]
        finally:
            self._idle.put(requests)

    def _first_to_agree(
        self, exports: list[Export], card: Card, threads: int
    ) -> tuple[list[ov.CompiledModel], bool]:
        """Return the networks that say what torch says, and whether they were compiled anew.

        What was kept is tried first, then what is compiled, and so for each precision. Raise EngineRefused.
        """
        for precision, is_new in product(self._precisions(), (False, True)):
            self.precision = precision
            compiled = self._compile(exports, threads, is_new)
            if compiled is None:
                continue
            try:
                agrees = self._agrees(compiled, exports, card)
            except (RuntimeError, ValueError):  # whatever OpenVINO meets, and answers of another shape
                if is_new:
                    raise
                continue
            if agrees:
                return compiled, is_new
        raise EngineRefused("OpenVINO's answers are not those of torch")

    def _precisions(self) -> list[str]:
        """Return what to try, fastest first."""
        capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]

    def _compile(self, exports: list[Export], threads: int, is_new: bool) -> list[ov.CompiledModel] | None:
        """Return the networks, compiled anew or as they were kept; None where one is not kept."""
        shares = [threads // 2 + (place < threads % 2) for place in range(len(exports))]

        def compile_one(export: Export, share: int) -> ov.CompiledModel | None:
            options = {
                "INFERENCE_PRECISION_HINT": _PRECISIONS[self.precision],
                "NUM_STREAMS": 1,
                "INFERENCE_NUM_THREADS": max(1, share),
                "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same cores
            }
            if is_new:
                return ov.Core().compile_model(export.model, "CPU", options)
            return load_prepared(prepared_path(export.folder, self.precision), options)

        # OpenVINO's threads are begun by these, and stand back as they do.
        with ThreadPoolExecutor(len(exports), initializer=stand_back) as pool:
            try:
                compiled = list(pool.map(compile_one, exports, shares))
            except RuntimeError as error:  # whatever OpenVINO meets
                raise EngineRefused("an export cannot be compiled") from error
        return None if None in compiled else compiled

    def _agrees(self, compiled: list[ov.CompiledModel], exports: list[Export], card: Card) -> bool:
        """Take up the networks, and say whether they say of the drawn films what torch did."""
        self._idle = queue.SimpleQueue[list[ov.InferRequest]]()
        for _ in range(FILMS_AT_ONCE if self._side_by_side else 1):
            self._idle.put([each.create_infer_request() for each in compiled])
        probes = [np.load(export.probe) for export in exports]
        films = [self._read(each) for each in zip(*(probe["inputs"] for probe in probes), strict=True)]
        for found, probe, network in zip(zip(*films, strict=True), probes, card.networks, strict=True):
            answers = (
                calibrate(logits, network.temperature, card.bias)
                for logits in (np.concatenate([outputs[0] for outputs in found]), probe["logits"])
            )
            if not np.abs(np.subtract(*answers)).max() <= AGREEMENT:
                return False
        return True
