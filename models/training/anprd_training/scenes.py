"""Labelled photographs: folders with a labels.jsonl and an images/ folder.

One JSON object a line: {"file", "plates": [{"box": [x, y, w, h], "text"?, "lines"?, "style"?,
"doubtful"?, "legible"?}], "country"?}.  Boxes are axis-aligned, in pixels; pixel k covers
[k, k + 1).  Where a plate has two lines the text is the two joined, and where it is split is
not written down: the reader's loss sums over the places it can be split at.
"""
import hashlib
import json
import os
from dataclasses import dataclass

import cv2
import numpy as np

from . import crop, degrade

VALIDATION_SHARE = 0.12


@dataclass
class LabelledPlate:
    box: tuple  # x, y, w, h in pixels
    text: str  # "" where it is unknown
    lines: int
    doubtful: bool
    legible: bool
    style: str


@dataclass
class Scene:
    path: str
    plates: list
    country: str


@dataclass
class RealPlate:
    """A plate cut from its scene with room around it, for the reader."""

    patch: np.ndarray  # uint8 grey
    corners: np.ndarray  # [4,2] in the patch
    text: str
    lines: int
    source: str


def load_scenes(folder):
    """All scenes of a folder, in the order of its labels.jsonl."""
    scenes = []
    with open(os.path.join(folder, "labels.jsonl")) as f:
        for row in map(json.loads, f):
            plates = [
                LabelledPlate(tuple(map(float, p["box"])), p.get("text", ""), int(p.get("lines", 1)),
                              bool(p.get("doubtful", False)), bool(p.get("legible", True)), p.get("style", ""))
                for p in row["plates"] if "box" in p
            ]
            scenes.append(Scene(os.path.join(folder, row["file"]), plates, row.get("country", "")))
    return scenes


def fold(text):
    """Match form: O and 0, I and 1 are the same glyph on a UK plate."""
    return text.replace("O", "0").replace("I", "1")


def is_validation(text):
    """Whether a text (and so every picture of that vehicle) belongs to the validation split."""
    digest = hashlib.sha256(fold(text).encode()).digest()
    return int.from_bytes(digest[:4], "big") < VALIDATION_SHARE * 2**32


def usable(plate):
    """Whether a labelled plate can train or check the reader."""
    return bool(plate.text) and plate.text.isascii() and plate.text.isalnum() and plate.legible and \
        not plate.doubtful and len(plate.text) <= 12


def load_real_plates(folders, validation):
    """RealPlate of every usable label of one split; validation None takes both splits."""
    out = []
    for folder in folders:
        for scene in load_scenes(folder):
            plates = [p for p in scene.plates if usable(p) and (validation is None or
                                                                is_validation(p.text) == validation)]
            if not plates:
                continue
            image = cv2.imread(scene.path, cv2.IMREAD_GRAYSCALE)
            if image is None:
                raise OSError(f"cannot read {scene.path}")
            for p in plates:
                x, y, w, h = p.box
                x0, y0 = max(0, int(x - 0.3 * w)), max(0, int(y - 0.5 * h))
                patch = image[y0:int(np.ceil(y + 1.5 * h)), x0:int(np.ceil(x + 1.3 * w))].copy()
                corners = crop.box_corners(p.box) - (x0, y0)
                out.append(RealPlate(patch, corners, p.text.upper(), p.lines, os.path.basename(os.path.normpath(folder))))
    return out


def plain_crop(plate, rng=None, amount=0.02):
    """The crop of a real plate, uint8 [48, 160]; with rng the corners are jittered."""
    corners = plate.corners if rng is None else crop.jitter(rng, plate.corners, amount)
    return crop.crop_plate(plate.patch, corners)


def augmented_crop(rng, plate, jitter_amount=0.035):
    """A heavily changed crop of a real plate, uint8 [48, 160]."""
    patch, corners = plate.patch, plate.corners
    h = float(corners[2, 1] - corners[1, 1])
    char_px = h / (1.35 * plate.lines)
    if rng.random() < 0.12:  # worn or fat strokes
        k = np.ones((2, 2), np.uint8)
        patch = cv2.erode(patch, k) if rng.random() < 0.5 else cv2.dilate(patch, k)
    if rng.random() < 0.35 and char_px > 11:  # seen from further away
        lowest = max(9.0, char_px * 0.25)
        target = lowest * (char_px / lowest) ** rng.random()
        f = target / char_px
        sx = max(8, round(patch.shape[1] * f * rng.uniform(0.85, 1.1)))
        sy = max(8, round(patch.shape[0] * f))
        corners = corners * (sx / patch.shape[1], sy / patch.shape[0])
        patch = cv2.resize(patch, (sx, sy), interpolation=cv2.INTER_AREA)
        char_px = target
    if rng.random() < 0.5:  # slope, lean and turn about the plate's centre
        c = corners.mean(0)
        a = np.array([[1.0, np.clip(rng.normal(0, 0.06), -0.2, 0.2)], [np.clip(rng.normal(0, 0.035), -0.1, 0.1), 1.0]])
        m = np.hstack([a, (c - a @ c)[:, None]])
        patch = cv2.warpAffine(patch, m, (patch.shape[1], patch.shape[0]), borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < 0.6:  # a good detector follows the slope
            corners = corners @ a.T + m[:, 2]
    if rng.random() < 0.06:
        patch = 255 - patch
    patch = degrade.camera(rng, patch, char_px, 0.55)
    return crop.crop_plate(patch, crop.jitter(rng, corners, jitter_amount))
