"""From a plate's four corners to the reader's crop: the contract shared with the TypeScript side.

Picture coordinates are such that pixel k's centre lies at k + 0.5.  A plate has corners TL, TR,
BR, BL in picture pixels and plate coordinates u (left to right) and v (top to bottom) in [0, 1].
The crop covers u in [-0.06, 1.06] and v in [-0.15, 1.15], mapped by homography to 160 x 48.  It
is sampled bilinearly on an n times finer grid and averaged in boxes of n x n, so that large
plates are not aliased: n = ceil(longest side of the crop's quadrangle / crop size), 1 to 4.
"""
import math

import cv2
import numpy as np

WIDTH, HEIGHT = 160, 48
MARGIN_X, MARGIN_Y = 0.06, 0.15
MAX_SUBSAMPLES = 4

_UNIT = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
_CROP_UV = np.float32([
    [-MARGIN_X, -MARGIN_Y], [1 + MARGIN_X, -MARGIN_Y], [1 + MARGIN_X, 1 + MARGIN_Y], [-MARGIN_X, 1 + MARGIN_Y],
])


def box_corners(box):
    """Corners [4,2] of an axis-aligned box (x, y, w, h)."""
    x, y, w, h = box
    return np.float64([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])


def crop_quad(corners):
    """Corners [4,2] of the crop (with its margins) for a plate's corners [4,2]."""
    m = cv2.getPerspectiveTransform(_UNIT, np.float32(corners))
    return cv2.perspectiveTransform(_CROP_UV[None], m)[0].astype(np.float64)


def subsamples(quad):
    """n for a crop quadrangle: its longer horizontal side / 160 or vertical side / 48, 1 to 4."""
    sides = [float(np.linalg.norm(quad[(i + 1) % 4] - quad[i])) for i in range(4)]
    n = math.ceil(max(max(sides[0], sides[2]) / WIDTH, max(sides[1], sides[3]) / HEIGHT))
    return min(max(n, 1), MAX_SUBSAMPLES)


def crop_plate(image, corners, n=None):
    """The crop, uint8 [48, 160], of a grey picture uint8 [H, W] for plate corners [4,2] in pixels."""
    quad = crop_quad(corners)
    n = n or subsamples(quad)
    w, h = WIDTH * n, HEIGHT * n
    # Output pixel (i, j) is sampled at ((i + 0.5) / w, (j + 0.5) / h) of the crop.  OpenCV puts
    # pixel centres at whole numbers, hence the two shifts by half a pixel.
    target = np.float32([[0, 0], [w, 0], [w, h], [0, h]]) - 0.5
    m = cv2.getPerspectiveTransform(target, np.float32(quad - 0.5))
    fine = cv2.warpPerspective(image, m, (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                               borderMode=cv2.BORDER_REPLICATE)
    return fine if n == 1 else cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def jitter(rng, corners, amount=0.035):
    """Move each corner as an imperfect detector does: a common shift and scale, and each corner a
    little, all as shares of the plate's size (in its own directions)."""
    corners = np.asarray(corners, np.float64)
    right = ((corners[1] - corners[0]) + (corners[2] - corners[3])) / 2
    down = ((corners[3] - corners[0]) + (corners[2] - corners[1])) / 2
    centre = corners.mean(0)
    # Plates are wide: the same number of pixels is a greater share of the height.
    ax, ay = amount, amount * 1.6
    scale = np.exp(rng.normal(0.0, (ax, ay)))
    du, dv = rng.normal(0, ax * 0.7, 5), rng.normal(0, ay * 0.7, 5)
    out = np.empty_like(corners)
    for i, (su, sv) in enumerate(((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))):
        u = su * scale[0] + np.clip(du[i] * 0.7 + du[4], -2.2 * ax, 2.2 * ax)
        v = sv * scale[1] + np.clip(dv[i] * 0.7 + dv[4], -2.2 * ay, 2.2 * ay)
        out[i] = centre + u * right + v * down
    return out
