"""Teach one network.

    python -m backend.training.train --data DATA --arch efficientnet_v2_s --out runs/efficientnet_v2_s
    python -m backend.training.train --data DATA --arch convnext_tiny --out runs/convnext_tiny \\
        --teacher runs/efficientnet_v2_s

A run writes OUT/last.pt after every epoch and goes on from there when the same command is given again;
at its end OUT/model.safetensors holds the averaged weights and OUT/run.json how they came about.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from backend.inference.architectures import ARCHITECTURES
from backend.training.augment import augment, mixup
from backend.training.data import (
    CLASSES,
    INPUT,
    SPLIT_SEED,
    DataError,
    Films,
    as_input,
    find_records,
    load_films,
)
from backend.training.networks import (
    TEACHERS,
    autocast,
    average_of,
    build_network,
    choose_device,
    load_initial,
    load_teacher,
    measure_batch_statistics,
    parameter_groups,
    quiet_head,
    run_depthwise_in_float32,
    set_stochastic_depth,
)
from backend.training.recipe import Epoch, epochs, last_side, parse_schedule

DEFAULT_SCHEDULES = {
    "efficientnet_v2_s": "1e-3:16x96 6e-4:4x96,5x128,2x160,2x224 2e-4:1x224 5e-4:5x160,5x224",
    "convnext_tiny": "1e-3:12x96,1x160,1x224 6e-4:10x128,5x160,4x224 5e-4:6x224",
    "efficientnet_lite2": "5e-4:3x160,5x224",
}


@dataclass(frozen=True)
class Config:
    """Everything that decides a run's outcome; a checkpoint of another config is not resumed."""

    arch: str
    schedule: str
    seed: int = 0
    split_seed: int = SPLIT_SEED
    batch: int = 32
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    mixup_alpha: float = 0.2
    stochastic_depth: float | None = None
    gradient_clip: float = 1.0
    ema: float = 0.997
    teacher: str | None = None
    teacher_share: float = 0.7
    init: str | None = None


class Run:
    """One network's training state, from its first step to its averaged weights."""

    def __init__(self, config: Config, prior: torch.Tensor, out: Path, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.config, self.out, self.device = config, out, device
        self.log_prior = prior.log().to(device)
        self.network = build_network(config.arch).to(device)
        quiet_head(self.network)
        if config.stochastic_depth is not None:
            set_stochastic_depth(self.network, config.stochastic_depth)
        if config.init:
            load_initial(self.network, Path(config.init))
        if device.type == "cpu":
            run_depthwise_in_float32(self.network, 3 if config.arch in TEACHERS else 5)
        self.average = average_of(self.network, config.ema)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.network, config.weight_decay), fused=True)
        self.teacher = load_teacher(Path(config.teacher), device) if config.teacher else None
        self.shuffle = torch.Generator().manual_seed(config.seed)
        self.history: list[dict[str, float]] = []

    def train(self, films: Films, validation: Films) -> None:
        """Go through the schedule's remaining epochs, leaving a checkpoint after each.

        The accuracies on the way are those of the averaged weights with the batch statistics of augmented
        films; `finish` measures the statistics that count.
        """
        schedule = list(epochs(parse_schedule(self.config.schedule)))
        side, stage_films, stage_validation = 0, films, validation
        with self._progress(schedule, len(films)) as bar:
            for number, epoch in enumerate(schedule):
                if number < len(self.history):
                    continue
                if epoch.side != side:
                    side = epoch.side
                    stage_films, stage_validation = films.resized(side), validation.resized(side)
                if epoch.begin == 0:  # a new cycle leaves the old one's weights fast, and so must the average
                    self.average = average_of(self.network, self.config.ema)
                bar.set_description(f"epoch {number + 1}/{len(schedule)} at {side} px")
                started = time.monotonic()
                loss = self._epoch(epoch, stage_films, bar)
                accuracy = validation_accuracy(self.average.module, stage_validation, self.config.batch)
                self.history.append(
                    {"side": side, "loss": loss, "accuracy": accuracy, "seconds": time.monotonic() - started}
                )
                self._save_checkpoint()
                bar.write(f"{bar.desc}: loss {loss:.4f}, validation accuracy {accuracy:.4f}")

    def _progress(self, schedule: list[Epoch], films: int) -> tqdm[Any]:
        """Return a bar over the whole run that counts pixels, for a step's time grows with them."""
        pixels = [films // self.config.batch * epoch.side**2 for epoch in schedule]
        return tqdm(
            total=sum(pixels),
            initial=sum(pixels[: len(self.history)]),
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}",
            mininterval=5,
        )

    def _epoch(self, epoch: Epoch, films: Films, bar: tqdm[Any]) -> float:
        self.network.train()
        steps = len(films) // self.config.batch
        total = torch.zeros((), device=self.device)
        for step, (pixels, labels) in enumerate(films.batches(self.config.batch, self.shuffle)):
            for group in self.optimizer.param_groups:
                group["lr"] = epoch.learning_rate(step / steps)
            loss = self._loss(pixels, labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip)
            self.optimizer.step()
            self.average.update_parameters(self.network)
            total += loss.detach()
            bar.update(epoch.side**2)
        return float(total) / max(1, steps)

    def _loss(self, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        one_hot = F.one_hot(labels, len(CLASSES)).float()
        films, targets = mixup(augment(pixels), one_hot, self.config.mixup_alpha)
        inputs = as_input(films, INPUT).contiguous(memory_format=torch.channels_last)
        with autocast(self.device):
            logits, _ = self.network(inputs)
        # The prior stands in the training loss alone, so that the bare logits favour no class
        # (Menon et al., arXiv 2007.07314).
        predicted = logits.float() + self.log_prior
        loss = F.cross_entropy(predicted, targets, label_smoothing=self.config.label_smoothing)
        if self.teacher is None:
            return loss
        with torch.no_grad(), autocast(self.device):
            taught, _ = self.teacher(inputs)
        divergence = F.kl_div(
            predicted.log_softmax(1),
            (taught.float() + self.log_prior).log_softmax(1),
            reduction="batchmean",
            log_target=True,
        )
        share = self.config.teacher_share
        return (1 - share) * loss + share * divergence

    def _save_checkpoint(self) -> None:
        state = {
            "config": asdict(self.config),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "shuffle": self.shuffle.get_state(),
            "random": torch.get_rng_state(),
            "cuda_random": torch.cuda.get_rng_state_all(),
            "history": self.history,
        }
        unfinished = self.out / "last.pt.tmp"
        torch.save(state, unfinished)
        os.replace(unfinished, self.out / "last.pt")

    def resume(self) -> None:
        """Take up the checkpoint in the run's folder, if there is one."""
        path = self.out / "last.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["config"] != asdict(self.config):
            raise DataError(f"{path} belongs to another configuration; choose another --out or remove it")
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.shuffle.set_state(state["shuffle"].cpu())
        torch.set_rng_state(state["random"].cpu())
        torch.cuda.set_rng_state_all([each.cpu() for each in state["cuda_random"]])
        self.history = state["history"]
        print(f"resumed after epoch {len(self.history)}")

    def finish(self, films: Films, validation: Films) -> None:
        """Write the averaged weights, how they came about, and their accuracy on validation.

        Batch statistics are measured anew: those gathered on the way are of augmented films, other weights
        and other sizes.
        """
        side = last_side(self.config.schedule)
        measure_batch_statistics(self.average.module, films.resized(side), self.config.batch)
        accuracy = validation_accuracy(self.average.module, validation.resized(side), self.config.batch)
        weights = {name: value.cpu().contiguous() for name, value in self.average.module.state_dict().items()}
        save_file(weights, self.out / "model.safetensors")
        record = {
            "config": asdict(self.config),
            "history": self.history,
            "validation_accuracy": accuracy,
            "torch": torch.__version__,
        }
        (self.out / "run.json").write_text(json.dumps(record, indent=2) + "\n")


@torch.inference_mode()
def answer(network: nn.Module, films: Films, batch: int) -> torch.Tensor:
    """Return a network's bare logits on n films, float32 (n, classes)."""
    network.eval()
    said = []
    for pixels in films.pixels.split(batch):
        inputs = as_input(pixels, INPUT).contiguous(memory_format=torch.channels_last)
        with autocast(inputs.device):
            said.append(network(inputs)[0].float())
    return torch.cat(said)


def validation_accuracy(network: nn.Module, films: Films, batch: int) -> float:
    """Return the share of films a network names rightly."""
    return float((answer(network, films, batch).argmax(1) == films.labels).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="holds train/NORMAL and train/PNEUMONIA")
    parser.add_argument("--arch", choices=(*sorted(ARCHITECTURES), *TEACHERS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--schedule", help='cycles "PEAK:EPOCHSxSIDE,…" (default: MODEL_CARD.md)')
    parser.add_argument("--teacher", help="a finished run to learn from besides the labels")
    parser.add_argument("--init", help="weights to start from (.safetensors or torch checkpoint)")
    parser.add_argument("--mixup", type=float, default=Config.mixup_alpha, help="Beta's alpha; 0: none")
    parser.add_argument(
        "--stochastic-depth", type=float, help="how often the last block is left out (default: torchvision's)"
    )
    parser.add_argument("--batch", type=int, default=Config.batch)
    parser.add_argument("--seed", type=int, default=Config.seed)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, … (default: auto)")
    arguments = parser.parse_args()

    schedule = arguments.schedule or DEFAULT_SCHEDULES[arguments.arch]
    config = Config(
        arch=arguments.arch,
        schedule=schedule,
        seed=arguments.seed,
        batch=arguments.batch,
        mixup_alpha=arguments.mixup,
        stochastic_depth=arguments.stochastic_depth,
        teacher=arguments.teacher,
        init=arguments.init,
    )
    try:
        teach(config, arguments.data, arguments.out, choose_device(arguments.device))
    except (DataError, ValueError) as error:
        parser.error(str(error))


def teach(config: Config, data: Path, out: Path, device: torch.device) -> None:
    """Do a whole run on the training split, or what is left of it."""
    parse_schedule(config.schedule)
    films = load_films(find_records(data, "train", config.split_seed))
    validation = load_films(find_records(data, "validation", config.split_seed))
    teach_films(config, films.to(device), validation.to(device), out, device)


def teach_films(config: Config, films: Films, validation: Films, out: Path, device: torch.device) -> None:
    """Do a whole run on given films, or what is left of it; raise DataError if they are too few."""
    out.mkdir(parents=True, exist_ok=True)
    if len(films) < config.batch:
        raise DataError(f"{len(films)} films do not fill one batch of {config.batch}")
    print(f"{len(films)} films to learn from, {len(validation)} to watch, on {device}")

    run = Run(config, films.class_prior(), out, device)
    run.resume()
    run.train(films, validation)
    run.finish(films, validation)


if __name__ == "__main__":
    main()
