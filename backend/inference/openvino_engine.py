"""Run the networks on the CPU with OpenVINO, each on cores of its own, in bfloat16 where the CPU has it.

Side by side on one core each the networks take no longer for one film than one after the other on two, and
less of the cores for many. A film's answer does not depend on what else is read at the time: every film is
computed alone, by the same kernels, on the same number of cores.
"""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.calibration import calibrate
from backend.inference.card import Card
from backend.inference.engine import FILMS_AT_ONCE, Output
from backend.inference.errors import EngineRefused
from backend.inference.exports import Export, find_exports
from backend.inference.openvino_runtime import ov

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
            for precision in self._precisions():
                self.precision = precision
                compiled = self._compile(exports, threads)
                sets = FILMS_AT_ONCE if self._side_by_side else 1
                self._idle = queue.SimpleQueue[list[ov.InferRequest]]()
                for _ in range(sets):
                    self._idle.put([each.create_infer_request() for each in compiled])
                if self._agrees(exports, card):
                    return
        raise EngineRefused("OpenVINO's answers are not those of torch")

    def run(self, inputs: NDArray[np.float32]) -> list[Output]:
        """Return each network's output; see Engine."""
        requests = self._idle.get()
        try:
            films = [self._read(requests, film[None]) for film in inputs]
        finally:
            self._idle.put(requests)
        return [
            Output(*(np.concatenate(parts) for parts in zip(*outputs, strict=True)))
            for outputs in zip(*films, strict=True)
        ]

    def _read(
        self, requests: list[ov.InferRequest], film: NDArray[np.float32]
    ) -> list[list[NDArray[np.float32]]]:
        """Return each network's outputs for one film, copied out of the runtime's memory."""
        for request in requests:
            request.start_async([film], share_inputs=True)
            if not self._side_by_side:
                request.wait()
        for request in requests:
            request.wait()
        return [[request.get_output_tensor(place).data.copy() for place in range(3)] for request in requests]

    def _precisions(self) -> list[str]:
        """Return what to try, fastest first."""
        capabilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]

    def _compile(self, exports: list[Export], threads: int) -> list[ov.CompiledModel]:
        core = ov.Core()
        shares = [threads // 2 + (place < threads % 2) for place in range(len(exports))]

        def compile_one(export: Export, share: int) -> ov.CompiledModel:
            options = {
                "INFERENCE_PRECISION_HINT": _PRECISIONS[self.precision],
                "NUM_STREAMS": 1,
                "INFERENCE_NUM_THREADS": max(1, share),
                "ENABLE_CPU_PINNING": False,  # two processes would pin themselves to the same cores
            }
            return core.compile_model(export.model, "CPU", options)

        with ThreadPoolExecutor(len(exports)) as pool:
            try:
                return list(pool.map(compile_one, exports, shares))
            except RuntimeError as error:  # whatever OpenVINO meets
                raise EngineRefused("an export cannot be compiled") from error

    def _agrees(self, exports: list[Export], card: Card) -> bool:
        """Say whether the networks say of the drawn films what torch said when they were exported."""
        for place, (export, network) in enumerate(zip(exports, card.networks, strict=True)):
            probe = np.load(export.probe)
            found = self.run(probe["inputs"])[place].logits
            answers = (
                calibrate(logits, network.temperature, card.bias) for logits in (found, probe["logits"])
            )
            if not np.abs(np.subtract(*answers)).max() <= AGREEMENT:
                return False
        return True
