"""Import OpenVINO, but not the package that reports its use.

On import OpenVINO sends an event to its vendor, under an identifier that it stores in the user's home, by
a package (openvino_telemetry) that its wheel requires. Where that cannot be imported it does without, so
here it cannot be. Everything else in this project imports OpenVINO after this.
"""

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402

__all__ = ["ov"]
