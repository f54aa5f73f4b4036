"""Make torchvision importable beside a torch that its compiled kernels were not built for.

torchvision's compiled kernels come for one flavour of torch (the registry's wheels: CUDA). Beside another
flavour they do not load, and `import torchvision` dies with ``operator torchvision::nms does not exist``,
since it describes operators that nothing has declared. PneumoNet uses none of those kernels, so declaring
the two schemas is enough. Where the kernels do load, they declare the schemas themselves and nothing is done.

Import this module before torchvision.
"""

import importlib.util
from pathlib import Path

import torch

_SCHEMAS = {
    "torchvision::nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "torchvision::qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def _kernels_load() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return False
    for library in sorted(Path(spec.origin).parent.glob("_C*")):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            return False
        return True
    return False


if not _kernels_load():
    for _name, _schema in _SCHEMAS.items():
        torch.library.define(_name, _schema)
