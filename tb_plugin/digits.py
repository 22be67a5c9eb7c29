"""Pictures of handwritten-looking digits for the demo: drawn here, so that none must be downloaded."""

import numpy as np

SIDE = 28  # pixels
POINTS = 96  # along a digit's line, a fraction of a pixel apart

# The ways of writing each digit. A way is one stroke, or two with a / between them; a stroke is a smooth line through
# points "x,y", x to the right and y down, in percent of the digit's box. A point that comes twice is a corner.
STROKES = {
    0: [
        "55,2 20,20 10,60 35,97 75,85 90,40 70,7 50,3",
    ],
    1: [
        "50,0 50,50 50,100",
        "30,22 55,0 55,0 54,50 53,100",
    ],
    2: [
        "15,25 45,0 80,20 60,60 10,100 10,100 50,97 95,98",
        "15,20 50,0 80,25 55,70 20,98 10,85 35,80 70,98 95,90",
    ],
    3: [
        "15,12 50,0 80,20 65,42 40,48 40,48 75,55 85,78 50,100 10,88",
    ],
    4: [
        "25,2 15,35 15,58 50,60 85,52 / 78,0 74,50 70,100",
        "65,0 40,30 10,62 10,62 50,62 95,62 / 70,30 68,65 66,100",
    ],
    5: [
        "85,2 50,2 25,4 25,4 20,25 17,45 17,45 55,40 85,65 60,97 12,90",
    ],
    6: [
        "70,0 35,25 15,65 35,98 70,90 80,65 50,50 20,68",
    ],
    7: [
        "10,5 50,4 90,2 90,2 60,45 40,100",
        "10,5 50,4 90,2 90,2 60,45 40,100 / 30,50 55,49 80,47",
    ],
    8: [
        "78,15 45,0 20,20 50,48 82,78 50,100 15,78 50,48 80,20 70,8",
    ],
    9: [
        "80,20 50,0 20,20 35,48 70,42 82,15 78,50 65,100",
    ],
}


def draw(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns pictures float32 [count, 28, 28], white (1) on black (0), and labels int64 [count], in random order.

    Every digit is in another hand: the points of its strokes are moved, the whole is slanted, turned, stretched and
    moved, and the pen has a random width. The same seed gives the same digits.
    """
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % 10)
    lines = np.stack([_line(STROKES[digit][random.integers(len(STROKES[digit]))], random) for digit in labels])
    widths = random.uniform(0.9, 1.9, size=(count, 1))  # half of the pen's, in pixels
    at = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    pixels = np.stack(np.meshgrid(at, at), axis=-1).reshape(-1, 2)
    pictures = np.empty((count, SIDE * SIDE), np.float32)
    for line, width, picture in zip(lines.astype(np.float32), widths, pictures):
        squared = (pixels**2).sum(axis=1)[:, None] - 2 * pixels @ line.T + (line**2).sum(axis=1)
        distance = np.sqrt(np.maximum(squared.min(axis=1), 0))
        picture[:] = np.clip(width + 0.5 - distance, 0, 1)
    return pictures.reshape(-1, SIDE, SIDE), labels


def _line(way: str, random: np.random.Generator) -> np.ndarray:
    """Returns points [POINTS, 2] along a digit, written one way in a hand of its own; pixels from the center."""
    strokes = [np.array([point.split(",") for point in stroke.split()], float) for stroke in way.split("/")]
    line = np.concatenate([_smooth(_shaken(stroke / 100, random), POINTS // len(strokes)) for stroke in strokes])
    turn, slant = random.normal(0, 0.12), random.normal(0.12, 0.2)
    line[:, 0] = (line[:, 0] - slant * line[:, 1]) * random.uniform(0.6, 0.9)
    line = line @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] * random.uniform(16, 20)
    return line - (line.min(axis=0) + line.max(axis=0)) / 2 + random.normal(0, 0.5, size=2)


def _shaken(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Returns the points [K, 2], each moved a little; a corner stays one."""
    moved = points + random.normal(0, 0.035, size=points.shape)
    corners = 1 + np.flatnonzero((points[1:] == points[:-1]).all(axis=1))
    moved[corners] = moved[corners - 1]
    return moved


def _smooth(points: np.ndarray, count: int) -> np.ndarray:
    """Returns `count` points [count, 2] along the Catmull-Rom spline through the points [K, 2]."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    at = np.linspace(0, len(points) - 1, count)
    k = np.minimum(at.astype(int), len(points) - 2)
    t = (at - k)[:, None]
    a, b, c, d = (padded[k + i] for i in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
