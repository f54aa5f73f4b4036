"""Damaged files through the decoder: no crash, no other exception, bounded time and memory.

`python -m tests.soak fuzz` does the same with a hundred thousand, the dearest ones among them.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from math import isqrt

import numpy as np
import pytest

from backend.inference.errors import DamagedImage
from backend.inference.images import Film, ImageTooLarge, read_film
from tests.soak.corpus import bomb, floods, most_side, seeds
from tests.soak.fuzz import MOST_MIB, MOST_SECONDS, Fault, Findings, fuzz
from tests.soak.mutate import mutant, small_mutant

pytestmark = pytest.mark.skipif(
    not os.access("/proc/self/clear_refs", os.W_OK), reason="only Linux tells how much memory an input took"
)

FILM = np.zeros((40, 40), np.uint8)


def test_thousands_of_damaged_files_are_films_or_refused() -> None:
    found = fuzz(range(1500), small_mutant)
    assert (found.faults, found.inputs) == ([], 1500)
    # Some get through, and some reach the decoders: otherwise nothing would have been tried.
    assert found.outcomes["film"] > 100
    assert found.outcomes["DamagedImage"] > 500


def test_a_number_has_one_input_and_it_is_another_than_its_neighbours() -> None:
    inputs = [small_mutant(number) for number in range(200)]
    assert inputs == [small_mutant(number) for number in range(200)]
    assert len(set(inputs)) > 190


@pytest.mark.parametrize("name", sorted(seeds()))
def test_every_undamaged_file_is_read(name: str) -> None:
    assert min(read_film(seeds()[name]).shape) >= 96


def as_it_is(number: int) -> bytes:
    return str(number).encode()


def planted(data: bytes) -> Film:
    """Fail in a way of its own for each file."""
    number = int(data)
    if number == 1:
        raise RuntimeError("no ImageError")
    if number == 2:
        until = time.process_time() + MOST_SECONDS + 0.2
        while time.process_time() < until:
            pass
    if number == 3:
        np.ones(int(MOST_MIB + 50) * 2**20, np.uint8).sum()
    if number == 4:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 5:
        raise DamagedImage("The image is damaged.") from MemoryError()
    if number == 6:
        while True:
            pass
    return FILM


def faults(found: Findings) -> dict[int, str]:
    return {fault.number: fault.what for fault in found.faults}


def test_planted_faults_are_found_each_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.soak.fuzz._HANGS_AFTER_SECONDS", 2)
    found = fuzz(range(8), as_it_is, planted)
    assert (found.inputs, found.outcomes["film"]) == (8, 4)
    assert set(faults(found)) == {1, 2, 3, 4, 5, 6}
    assert "no ImageError" in faults(found)[1]
    assert float(faults(found)[2].removesuffix(" s")) > MOST_SECONDS
    assert faults(found)[3].endswith(" MiB")
    assert faults(found)[4] == f"the process ended with {-signal.SIGSEGV}"
    assert "MemoryError" in faults(found)[5]
    assert faults(found)[6] == "no end after 2 s"


def test_findings_add_up() -> None:
    one = Findings(Counter(film=3), [], (0.2, 7), (90, 1))
    other = Findings(Counter(film=1, lost=1), [Fault(8, "no end")], (0.1, 8), (95, 8))
    together = one + other
    assert (together.inputs, together.outcomes["film"], together.faults) == (5, 4, [Fault(8, "no end")])
    assert (together.slowest, together.largest) == ((0.2, 7), (95, 8))


@pytest.mark.parametrize("colours", [2, 4, 6])
def test_the_deepest_pngs_are_too_large(colours: int) -> None:
    """A megabyte that unpacks to 150 or 200, four times over in a decoder: seconds, and half a gigabyte."""
    with pytest.raises(ImageTooLarge):
        read_film(bomb(5000, colours, 16))


@pytest.mark.parametrize("colours", [2, 4, 6])
def test_of_colours_fewer_pixels_are_served(colours: int) -> None:
    with pytest.raises(ImageTooLarge, match="plain grey"):
        read_film(bomb(5000, colours, 8))


@pytest.mark.parametrize(
    ("colours", "depth", "megapixels"),
    [(0, 8, 25), (0, 16, 25), (3, 8, 25), (2, 8, 16), (4, 8, 12), (6, 8, 12), (2, 16, 8), (6, 16, 6)],
)
def test_so_many_pixels_are_served_as_the_readme_says(colours: int, depth: int, megapixels: int) -> None:
    side = isqrt(megapixels * 1_000_000)
    assert read_film(bomb(side, colours, depth)).shape == (side, side)


@pytest.mark.parametrize("colours", [2, 6])
def test_the_dearest_films_that_are_served_stay_within_the_memory(colours: int) -> None:
    # Not the time as well: it depends on the machine.
    found = fuzz([most_side({2: 6, 6: 8}[colours])], {2: bomb_of_colours, 6: bomb_with_alpha}[colours])
    assert found.outcomes["film"] == 1
    assert 70 < found.largest[0] < MOST_MIB


def flood(number: int) -> bytes:
    return floods()[sorted(floods())[number]]()


def test_endless_parts_and_tags_cost_little() -> None:
    """A part costs a decoder in Python microseconds, and ten megabytes hold millions of them."""
    found = fuzz(range(len(floods())), flood)
    assert found.faults == []
    assert found.slowest[0] < MOST_SECONDS
    assert found.outcomes["DamagedImage"] > 10


def bomb_of_colours(side: int) -> bytes:
    return bomb(side, 2, 16)


def bomb_with_alpha(side: int) -> bytes:
    return bomb(side, 6, 16)


@pytest.mark.parametrize("make", [mutant, small_mutant])
def test_bombs_are_rare(make: Callable[[int], bytes]) -> None:
    sizes = [len(make(number)) for number in range(20)]
    assert max(sizes) < 2**20
