"""A bank of flat drawn plates for the composites, drawn once and kept in the work folder.

Drawing a plate takes longer than composing a picture; a few thousand plates under ever new
perspective, light and blur are enough for a detector, which need not read.
"""
import os

import cv2
import numpy as np

COUNT = 3000
HEIGHT_PX = 120  # a plate 260 px wide, the largest drawn, is 111 px high at two lines


def shrink(flat):
    """The picture at most HEIGHT_PX high, uint8."""
    if flat.shape[0] <= HEIGHT_PX:
        return flat
    size = (round(flat.shape[1] * HEIGHT_PX / flat.shape[0]), HEIGHT_PX)
    return cv2.resize(flat, size, interpolation=cv2.INTER_AREA)


def load(work, seed, count=COUNT):
    """List of plates, uint8 [h, w]; drawn first where the bank of this seed is missing."""
    from .plates import draw_plate

    path = os.path.join(work, f"plate_bank_{seed}_{count}.npz")
    if not os.path.exists(path):
        rng = np.random.default_rng(seed)
        plates = [shrink(draw_plate(rng).image) for _ in range(count)]
        np.savez(path, *plates)
    with np.load(path) as bank:
        return [bank[name] for name in bank.files]
