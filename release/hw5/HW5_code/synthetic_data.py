"""Make a stand-in for CIFAR-10 in CIFAR-10's file format, for machines that can't download it.

The colour pictures of 32 x 32 show shapes of ten classes. A class has a form, a texture and a tint, each of
them more or less visible in a picture: position, size, rotation, colours, contrast, background, noise and
objects in front vary. A network learns the tint quickly, but needs filters for the texture and places for
the form.

Every picture is computed in whole numbers from raw random bits, so that it comes out the same on every
processor and with every version of NumPy.

The homework's network, trained as the homework trains it (49,000 pictures, one epoch of 245 iterations
of 200, Adam at 1e-3, reg 1e-3), reached in three trainings with the seeds 1, 2 and 3:

    iteration            1     21           41           61           121          245
    validation accuracy  0.10  0.17 - 0.20  0.19 - 0.25  0.25 - 0.29  0.42 - 0.46  0.58 - 0.59

With the opposite sign of the filters' gradient it stays at 0.10; with the gradient upside down (rows and
columns of each filter reversed) it ends at 0.30. It learns the first 100 pictures by heart: 1.00 after
30 iterations of 50 (seed 6666666, weight_scale 1e-2).
"""

import pickle
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSES", "NAME", "SEED", "sample", "write"]

Array = NDArray[Any]

NAME = "HW5 stand-in, version 1"
SEED = 20240202
SIDE = 32
ONE = 256
CHUNK = 500  # pictures from one stream of random bits, 50 of every class

# --- what a class looks like ---------------------------------------------------------------------
# Lengths are in 1/16 pixel. A shape's own coordinates u, v and all grades of blending count 256 as 1;
# waves go from -64 to 64.

CLASSES = ("disk", "ring", "square", "triangle", "cross", "bar", "pair", "crescent", "frame", "dome")
TINTS = np.array(  # red, green, blue
    [
        (36, -12, -24),
        (-27, 0, 33),
        (24, 18, -33),
        (-24, 30, -12),
        (27, -24, 15),
        (-9, -15, 21),
        (12, 3, -12),
        (-18, 21, 18),
        (15, -21, -6),
        (3, 15, -3),
    ],
    dtype=np.int32,
)
TEXTURES = np.array(  # two waves multiplied: steps along u and v of the one, then of the other
    [
        (24, 0, 0, 0),
        (0, 24, 0, 0),
        (16, 16, 16, -16),
        (48, 0, 0, 0),
        (24, 0, 0, 24),
        (0, 48, 0, 0),
        (12, 0, 0, 0),
        (17, 17, 0, 0),
        (17, -17, 0, 0),
        (0, 12, 0, 0),
    ],
    dtype=np.int32,
)
# The variation within a class. Larger numbers are harder to learn; these were chosen by training.
TINT_SHARE, TEXTURE_SHARE = 60, 55  # of 100 pictures show their own class's, the others any class's
TINT = (32, 320)  # strength; 256 is the table's
SHIFT = 56  # of the centre
RADIUS = (110, 190)
TURN = 128  # 1024 is a full turn
INK, GROUND_INK, COVER = 60, 30, 80
CONTRAST, WAVES, SLOPE, PERIOD = (20, 70), 80, 40, (128, 512)
NOISE = (10, 50)

COSINES = np.rint(np.cos(np.arange(1024) * (2 * np.pi / 1024)) * 16384).astype(np.int32)


def _depth(form: int, u: Array, v: Array) -> Array:
    """Give the distance of points from a form's outline, negative inside. The forms' radius is 256."""
    across, along, round_ = np.abs(u), np.abs(v), (u * u + v * v) >> 9
    box = np.maximum(across, along)
    outlines = (
        lambda: round_ - 128,
        lambda: np.abs(round_ - 84) - 44,
        lambda: box - 220,
        lambda: np.maximum(v - 128, ((across * 222 - v * 128) >> 8) - 128),
        lambda: np.minimum(np.maximum(across - 240, along - 80), np.maximum(across - 80, along - 240)),
        lambda: np.maximum(across - 256, along - 80),
        lambda: ((across - 150) ** 2 + v * v - 11025) >> 8,
        lambda: np.maximum(round_ - 128, 100 - (((u - 110) ** 2 + v * v) >> 9)),
        lambda: np.abs(box - 180) - 50,
        lambda: np.maximum((u * u + (v - 100) ** 2 >> 9) - 128, v - 100),
    )
    return outlines[form]()


def _wave(phase: Array) -> Array:
    """Compute a triangle wave of period 256 and amplitude 64, highest at 0."""
    distance: Array = np.abs(((phase + 128) & 255) - 128)
    return 64 - distance


# --- chance --------------------------------------------------------------------------------------


class _Dice:
    """Draws integers from a stream of random bits that no version of NumPy changes."""

    def __init__(self, seed: int, chunk: int) -> None:
        self._stream = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(chunk,)))

    def raw(self, count: int) -> Array:
        """Draw random numbers of 64 bits."""
        return self._stream.random_raw(count)

    def between(self, low: int, high: int, *shape: int) -> Array:
        """Draw numbers from `low` to `high`, both included, as int32."""
        bits = self.raw(int(np.prod(shape))) >> np.uint64(33)
        steps = (bits * np.uint64(high - low + 1)) >> np.uint64(31)
        return steps.astype(np.int32).reshape(shape) + np.int32(low)

    def noise(self, *shape: int) -> Array:
        """Draw numbers from -128 to 127, as int32, eight from every 64 bits."""
        count = int(np.prod(shape))
        raw = self.raw(-(-count // 8)).astype("<u8")
        return (raw.view(np.uint8)[:count].astype(np.int32) - 128).reshape(shape)


# --- one chunk of pictures -------------------------------------------------------------------------


def _chunk(seed: int, number: int) -> tuple[Array, Array]:
    """Make pictures (CHUNK, 3, 32, 32) uint8 and labels (CHUNK,) int64, equally many of every class."""
    dice = _Dice(seed, number)
    each = CHUNK // len(CLASSES)
    pictures = np.concatenate([_pictures(form, each, dice) for form in range(len(CLASSES))])
    labels = np.repeat(np.arange(len(CLASSES)), each)
    order = np.argsort(dice.raw(CHUNK), kind="stable")
    return pictures[order], labels[order]


def _pictures(form: int, count: int, dice: _Dice) -> Array:
    """Make pictures of one class, (count, 3, 32, 32) uint8."""
    tint = TINTS[_shown(form, TINT_SHARE, count, dice)] * dice.between(*TINT, count, 1) >> 8
    x, y = _pixels(dice.between(-SHIFT, SHIFT, 2, count))
    u, v = _turned(x, y, dice.between(-TURN, TURN, count), dice.between(*RADIUS, count))
    ink = 128 + dice.between(-INK, INK, count, 3) + tint
    figure = _each(ink) + (
        _texture(form, u, v, dice)[:, None] * _each(dice.between(*CONTRAST, count, 3)) >> 6
    )
    ground = _ground(count, dice) - _each(tint >> 1)
    alpha = np.clip(128 - 4 * _depth(form, u, v), 0, ONE)[:, None]
    picture = ground + ((figure - ground) * alpha >> 8)
    _cover(picture, dice)
    picture += dice.noise(*picture.shape) * _each(dice.between(*NOISE, count, 1)) >> 8
    pixels: Array = np.clip(picture, 0, 255).astype(np.uint8)
    return pixels


def _each(values: Array) -> Array:
    """Give numbers, one for each picture (and colour), the axes to be used with all its pixels."""
    return values[..., None, None]


def _shown(form: int, share: int, count: int, dice: _Dice) -> Array:
    """Choose the class whose trait each picture shows: its own in `share` of 100, else any."""
    return np.where(dice.between(0, 99, count) < share, form, dice.between(0, len(CLASSES) - 1, count))


def _pixels(centre: Array) -> tuple[Array, Array]:
    """Give the pixels' coordinates from each picture's centre: (count, 1, 32) and (count, 32, 1)."""
    places = np.arange(SIDE, dtype=np.int32) * 16 + 8 - 8 * SIDE
    return places - _each(centre[0]), places[:, None] - _each(centre[1])


def _turned(x: Array, y: Array, angle: Array, radius: Array) -> tuple[Array, Array]:
    """Rotate coordinates into the shapes' own (count, 32, 32); angles are in 1/1024 of a turn."""
    cosine = _each(COSINES[angle & 1023] * ONE // radius)
    sine = _each(COSINES[(angle - 256) & 1023] * ONE // radius)
    return (x * cosine + y * sine) >> 14, (y * cosine - x * sine) >> 14


def _texture(form: int, u: Array, v: Array, dice: _Dice) -> Array:
    """Make a texture in the shapes' own coordinates, mostly the class's own."""
    a, b, c, d = _each(TEXTURES[_shown(form, TEXTURE_SHARE, len(u), dice)].T)
    start = _each(dice.between(0, 255, len(u)))
    return _wave(((u * a + v * b) >> 4) + start) * _wave((u * c + v * d) >> 4) >> 6


def _ground(count: int, dice: _Dice) -> Array:
    """Make backgrounds (count, 3, 32, 32): a colour that changes over the picture, and waves."""
    x, y = _pixels(np.zeros((2, count), dtype=np.int32))
    u, _ = _turned(x, y, dice.between(0, 1023, count), dice.between(*PERIOD, count))
    waves = _wave(u + _each(dice.between(0, 255, count)))[:, None]
    across, down = _each(dice.between(-SLOPE, SLOPE, 2, count))
    slope = (x * across + y * down) >> 8
    colour = 128 + dice.between(-GROUND_INK, GROUND_INK, count, 3)
    ground: Array = _each(colour) + slope[:, None]
    ground += waves * _each(dice.between(-WAVES, WAVES, count, 3)) >> 6
    return ground


def _cover(picture: Array, dice: _Dice) -> None:
    """Put a rectangle of one colour in front of every picture; some are too small to matter."""
    count = len(picture)
    x, y = _pixels(dice.between(-8 * SIDE, 8 * SIDE, 2, count))
    half = _each(dice.between(0, COVER, 2, count))
    covered = (np.abs(x) < half[0]) & (np.abs(y) < half[1])
    colour = 128 + dice.between(-INK, INK, count, 3)
    np.copyto(picture, _each(colour), where=covered[:, None])


# --- what others call ------------------------------------------------------------------------------


def sample(n: int, seed: int = SEED) -> tuple[Array, Array]:
    """Make the first `n` pictures of a stream.

    Parameters
    ----------
    n : int
        The number of pictures; of every 500, 50 are of each class.
    seed : int
        The stream. The same seed gives the same pictures everywhere.

    Returns
    -------
    pictures : (n, 3, 32, 32) array of uint8
    labels : (n,) array of int64, from 0 to 9
    """
    chunks = [_chunk(seed, number) for number in range(-(-n // CHUNK))]
    pictures = [np.empty((0, 3, SIDE, SIDE), dtype=np.uint8), *(chunk[0] for chunk in chunks)]
    labels = [np.empty(0, dtype=np.int64), *(chunk[1] for chunk in chunks)]
    return np.concatenate(pictures)[:n], np.concatenate(labels)[:n]


def write(folder: str | Path, train: int = 50_000, test: int = 10_000, seed: int = SEED) -> Path:
    """Write a data set in CIFAR-10's files, unless the folder has it already.

    Parameters
    ----------
    folder : path
        It appears when all its files are complete; an empty one is filled.
    train, test : int
        The numbers of pictures; `train` is a multiple of 5, since it fills five files.
    seed : int
        The test pictures come from the stream ``seed + 1``.

    Returns
    -------
    path of the folder

    Raises
    ------
    ValueError
        The numbers don't give full files.
    OSError
        The folder can't be written.
    """
    folder = Path(folder)
    if train < 5 or train % 5 or test < 1:
        raise ValueError(f"train should be a multiple of 5 and test at least 1, got {train} and {test}")
    if (folder / "batches.meta").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in _files(train, test, seed):
            with (half / name).open("wb") as file:
                pickle.dump(content, file, protocol=3)
        half.chmod(0o755)
        _move(half, folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return folder


def _move(half: Path, folder: Path) -> None:
    """Give the complete folder its name, unless another process was first with the same one."""
    try:
        half.replace(folder)
    except OSError:
        if not (folder / "batches.meta").exists():
            raise


def _files(train: int, test: int, seed: int) -> Iterator[tuple[str, dict[bytes, Any]]]:
    """Give the names of the files and their contents."""
    pictures, labels = sample(train, seed)
    each = train // 5
    for number in range(5):
        part = slice(number * each, (number + 1) * each)
        title = f"training batch {number + 1} of 5"
        yield f"data_batch_{number + 1}", _batch(title, pictures[part], labels[part])
    yield "test_batch", _batch("testing batch 1 of 1", *sample(test, seed + 1))
    names = [name.encode() for name in CLASSES]
    meta = {b"num_cases_per_batch": each, b"label_names": names, b"num_vis": 3 * SIDE * SIDE}
    yield "batches.meta", {**meta, b"data_set": NAME.encode()}


def _batch(title: str, pictures: Array, labels: Array) -> dict[bytes, Any]:
    """Make a batch in CIFAR-10's form: a picture is a row, all of red first, then green, then blue."""
    names = [f"{CLASSES[label]}_{place:05d}.png".encode() for place, label in enumerate(labels)]
    data = pictures.reshape(len(pictures), -1)
    return {b"batch_label": title.encode(), b"labels": labels.tolist(), b"data": data, b"filenames": names}
