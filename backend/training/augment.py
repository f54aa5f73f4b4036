"""Vary the films in what must not matter: pose, aspect, sharpness, exposure, borders, markers.

Normal films of the data set are squarer, larger and differently marked than the others (MODEL_CARD.md),
so a network can learn the camera instead of the lung. Every step here takes one such shortcut away. All
steps work on whole batches on the batch's own device; films are float32 (n, 1, side, side) in [0, 1].
"""

import torch
from torch.nn import functional as F

_ROTATION_DEGREES = 12.0
_LOG_SCALE = 0.15
_LOG_ASPECT = 0.32
_SHIFT = 0.08
_LOG_GAMMA = 0.55
_LOG_CONTRAST = 0.4
_BRIGHTNESS = 0.12
_FRAME = 0.12
_RESAMPLING = (0.35, 0.95)
_NOISE = 0.025


def augment(pixels: torch.Tensor) -> torch.Tensor:
    """Return float films in [0, 1] varied at random, for uint8 films (n, 1, side, side)."""
    films = pixels.float() / 255
    films = _lose_resolution(films)
    films = _move(films)
    films = _frame(films)
    films = _expose(films)
    films = _cover_corners(films)
    films = _erase_square(films)
    return films.clamp_(0, 1)


def mixup(
    films: torch.Tensor, targets: torch.Tensor, alpha: float = 0.2
) -> tuple[torch.Tensor, torch.Tensor]:
    """Blend each film and its target (n, classes) with another's (Zhang et al., arXiv 1710.09412).

    An alpha of 0 blends none.
    """
    if alpha == 0:
        return films, targets
    share = torch.distributions.Beta(alpha, alpha).sample((len(films),)).to(films.device)
    share = torch.maximum(share, 1 - share)
    partner = torch.randperm(len(films), device=films.device)
    across = share.view(-1, 1, 1, 1)
    blended = across * films + (1 - across) * films[partner]
    return blended, share[:, None] * targets + (1 - share[:, None]) * targets[partner]


def _uniform(films: torch.Tensor, low: float, high: float) -> torch.Tensor:
    return torch.empty(len(films), device=films.device).uniform_(low, high)


def _happens(probability: float) -> bool:
    return bool(torch.rand(()) < probability)


def _lose_resolution(films: torch.Tensor) -> torch.Tensor:
    if not _happens(0.5):
        return films
    side = films.shape[-1]
    low, high = _RESAMPLING
    smaller = max(8, round(side * (low + (high - low) * float(torch.rand(())))))
    reduced = F.interpolate(films, (smaller, smaller), mode="bilinear", antialias=True)
    return F.interpolate(reduced, (side, side), mode="bilinear", align_corners=False)


def _move(films: torch.Tensor) -> torch.Tensor:
    """Rotate, scale, stretch, shift and mirror; what comes into view is black or the edge repeated."""
    angle = torch.deg2rad(_uniform(films, -_ROTATION_DEGREES, _ROTATION_DEGREES))
    scale = torch.exp(_uniform(films, -_LOG_SCALE, _LOG_SCALE))
    aspect = torch.exp(_uniform(films, -_LOG_ASPECT, _LOG_ASPECT) / 2)
    mirror = torch.where(_uniform(films, 0, 1) < 0.5, -1.0, 1.0)
    rows = [
        torch.stack([mirror * angle.cos() / (scale * aspect), -angle.sin() / (scale * aspect)], dim=1),
        torch.stack([mirror * angle.sin() * aspect / scale, angle.cos() * aspect / scale], dim=1),
    ]
    shift = torch.stack([_uniform(films, -_SHIFT, _SHIFT), _uniform(films, -_SHIFT, _SHIFT)], dim=1) * 2
    inverse = torch.cat([torch.stack(rows, dim=1), shift[:, :, None]], dim=2)
    grid = F.affine_grid(inverse, list(films.shape), align_corners=False)
    padding = "border" if _happens(0.5) else "zeros"
    return F.grid_sample(films, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def _frame(films: torch.Tensor) -> torch.Tensor:
    """Leave black bars of any width at the edges of one batch of four, as scanners and letterboxes do."""
    if not _happens(0.25):
        return films
    side = films.shape[-1]
    bars = [round(side * _FRAME * float(torch.rand(()))) for _ in range(4)]
    return F.interpolate(F.pad(films, bars), (side, side), mode="bilinear", antialias=True)


def _expose(films: torch.Tensor) -> torch.Tensor:
    gamma = torch.exp(_uniform(films, -_LOG_GAMMA, _LOG_GAMMA)).view(-1, 1, 1, 1)
    contrast = torch.exp(_uniform(films, -_LOG_CONTRAST, _LOG_CONTRAST)).view(-1, 1, 1, 1)
    brightness = _uniform(films, -_BRIGHTNESS, _BRIGHTNESS).view(-1, 1, 1, 1)
    films = films.clamp(0, 1).pow(gamma)
    middle = films.mean(dim=(2, 3), keepdim=True)
    films = (films - middle) * contrast + middle + brightness
    noise = _uniform(films, 0, _NOISE).view(-1, 1, 1, 1)
    return films + torch.randn_like(films) * noise


def _cover_corners(films: torch.Tensor) -> torch.Tensor:
    """Hide the place of side markers and time stamps in one batch of four."""
    if not _happens(0.25):
        return films
    side = films.shape[-1]
    height, width = (max(2, round(side * (0.08 + 0.14 * float(torch.rand(()))))) for _ in range(2))
    level = float(torch.rand(())) if _happens(0.3) else 0.0
    for rows in (slice(0, height), slice(side - height, side)):
        for columns in (slice(0, width), slice(side - width, side)):
            films[:, :, rows, columns] = level
    return films


def _erase_square(films: torch.Tensor) -> torch.Tensor:
    """Erase a square in a third of the films (DeVries & Taylor, arXiv 1708.04552)."""
    side = films.shape[-1]
    half = _uniform(films, 0.05, 0.16).view(-1, 1, 1) * side
    row, column = (_uniform(films, 0, side).view(-1, 1, 1) for _ in range(2))
    along = torch.arange(side, device=films.device)
    inside = ((along[None, :, None] - row).abs() < half) & ((along[None, None, :] - column).abs() < half)
    chosen = (_uniform(films, 0, 1) < 1 / 3).view(-1, 1, 1)
    return films.masked_fill((inside & chosen)[:, None], 0.0)
