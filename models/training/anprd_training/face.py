"""The UK number plate face ("Charles Wright 2001") as geometry.

The glyphs are drawn here from the measures that the UK display rules publish: characters
79 mm high, 50 mm wide (1 and I: 14 mm), strokes 14 mm.  Nothing is traced from a font.
Each glyph is a union of strokes (a centre line with rounded corners, buffered by half the
stroke width, butt ends) and plain polygons (diagonals, which are cut horizontally).

The union is formed on a fine grid (20 cells a mm) and its contour is simplified to 0.05 mm:
far finer than any plate can be printed, and it needs no geometry library.

O and 0 are the same glyph, and so are I and 1: no picture can tell them apart, only the
grammar of the mark can.

Run as a program it writes the face for other programs:

    python -m anprd_training.face --out models/uk-face.json

{"unit": "mm", "heightMm": 79, "glyphs": {"A": {"widthMm": 50, "polygons": [[[x, y], ...], ...]}}}
with filled polygons, even-odd rule, y down, origin at the top left of the glyph box.
"""
import argparse
import json
import math
from functools import lru_cache

import cv2
import numpy as np

HEIGHT = 79.0
WIDTH = 50.0
STROKE = 14.0
GRID = 20  # cells a mm while the union is formed
PAD = 2.0  # mm kept free round the glyph box on that grid
H = STROKE / 2
L, R, T, B = H, WIDTH - H, H, HEIGHT - H  # centre lines of the outermost strokes
MID = HEIGHT / 2
CORNER = 12.0  # centre line radius of the round corners: outer 19 mm, inner 5 mm

# A glyph is a list of primitives:
#   ("path", closed, [(x, y, corner radius), ...])  stroke of 14 mm along the line
#   ("poly", [(x, y), ...])                         filled polygon


def _path(*points, closed=False):
    return ("path", closed, [(p + (0.0,))[:3] for p in points])


def _poly(*points):
    return ("poly", list(points))


def _rect(x0, y0, x1, y1):
    return _poly((x0, y0), (x1, y0), (x1, y1), (x0, y1))


_STEM = _rect(0, 0, STROKE, HEIGHT)
_C = CORNER
_BAR8 = 39.0
SERIF = 4.0  # mm that B and D reach out to the left at head and foot, which tells them from 8 and 0

_SERIFS = (_rect(0, 0, STROKE, STROKE), _rect(0, B - H, STROKE, HEIGHT))

_GLYPHS = {
    "0": [_path((L, T, _C), (R, T, _C), (R, B, _C), (L, B, _C), closed=True)],
    "1": [_rect(0, 0, STROKE, HEIGHT)],
    "2": [
        _path((L, 20), (L, T, _C), (R, T, _C), (R, 31, 13), (4.8, 67.1)),
        _poly((0, 62), (12, 65), (WIDTH, 65), (WIDTH, HEIGHT), (0, HEIGHT)),
    ],
    "3": [
        _path((L, 20), (L, T, _C), (R, T, _C), (R, 38.5, 8.5), (22, 38.5)),
        _path((22, 38.5), (R, 38.5, 8.5), (R, B, _C), (L, B, _C), (L, 59)),
    ],
    "4": [
        _poly((25, 0), (41, 0), (41, 7), (15, 52), (0, 52)),
        _rect(0, 49, WIDTH, 62),
        _rect(27, 0, 41, HEIGHT),
    ],
    "5": [
        _rect(2, 0, 48, STROKE),
        _rect(2, 0, 16, 45.5),
        _path((L + 2, 38.5), (R, 38.5, _C), (R, B, _C), (L, B, _C), (L, 59)),
    ],
    "6": [_path((R, 20), (R, T, _C), (L, T, _C), (L, B, _C), (R, B, _C), (R, 37.5, _C), (L, 37.5))],
    "7": [_poly((0, 0), (50, 0), (50, 13), (28, 79), (12.5, 79), (33.5, 14), (0, 14))],
    "8": [
        _path((L, T, _C), (R, T, _C), (R, _BAR8, 10), (L, _BAR8, 10), closed=True),
        _path((L, _BAR8, 10), (R, _BAR8, 10), (R, B, _C), (L, B, _C), closed=True),
        _rect(14, _BAR8 - H, 36, _BAR8 + H),
    ],
    "9": [_path((L, 59), (L, B, _C), (R, B, _C), (R, T, _C), (L, T, _C), (L, 41.5, _C), (R, 41.5))],
    "A": [
        _poly((17.5, 0), (32.5, 0), (14.8, 79), (0, 79)),
        _poly((17.5, 0), (32.5, 0), (50, 79), (35.2, 79)),
        _poly((14, 51), (36, 51), (39, 64), (11, 64)),
    ],
    "B": [
        _path((L + SERIF, T), (R - 1, T, _C), (R - 1, _BAR8, 10), (L + SERIF, _BAR8), closed=True),
        _path((L + SERIF, _BAR8), (R, _BAR8, 10), (R, B, _C), (L + SERIF, B), closed=True),
        *_SERIFS,
    ],
    "C": [_path((R, 22), (R, T, _C), (L, T, _C), (L, B, _C), (R, B, _C), (R, 57))],
    "D": [_path((L + SERIF, T), (R, T, _C), (R, B, _C), (L + SERIF, B), closed=True), *_SERIFS],
    "E": [_STEM, _rect(0, 0, 50, 14), _rect(0, 65, 50, 79), _rect(0, 32.5, 40, 46)],
    "F": [_STEM, _rect(0, 0, 50, 14), _rect(0, 33, 41, 47)],
    "G": [
        _path((R, 22), (R, T, _C), (L, T, _C), (L, B, _C), (R, B, _C), (R, 40)),
        _rect(29, 40, 50, 54),
    ],
    "H": [_STEM, _rect(36, 0, 50, 79), _rect(0, 32.5, 50, 46.5)],
    "J": [_path((R, 0), (R, B, _C), (L, B, _C), (L, 58))],
    "K": [
        _STEM,
        _poly((35, 0), (50, 0), (50, 3), (14, 57), (14, 34)),
        _poly((18, 45), (27, 29), (50, 79), (34, 79)),
    ],
    "L": [_STEM, _rect(0, 65, 50, 79)],
    "M": [_poly((0, 0), (13, 0), (25, 34), (37, 0), (50, 0), (50, 79), (36, 79), (36, 35),
                (28.5, 58), (21.5, 58), (14, 35), (14, 79), (0, 79))],
    "N": [_poly((0, 0), (14.5, 0), (36, 45), (36, 0), (50, 0), (50, 79), (35.5, 79), (14, 34), (14, 79), (0, 79))],
    "P": [_STEM, _path((L, T), (R, T, _C), (R, 40, _C), (L, 40), closed=True)],
    "Q": [
        _path((L, T, _C), (R, T, _C), (R, B, _C), (L, B, _C), closed=True),
        _poly((24, 56), (35, 50), (50, 79), (35, 79)),
    ],
    "R": [
        _STEM,
        _path((L, T), (R, T, _C), (R, 40, _C), (L, 40), closed=True),
        _poly((20, 44), (35, 44), (50, 79), (35, 79)),
    ],
    "S": [_path((R, 21), (R, T, _C), (L, T, _C), (L, 35.5, 11), (R, 43, 11), (R, B, _C), (L, B, _C), (L, 58))],
    "T": [_rect(0, 0, 50, 14), _rect(18, 0, 32, 79)],
    "U": [_path((L, 0), (L, B, _C), (R, B, _C), (R, 0))],
    "V": [_poly((0, 0), (15, 0), (25, 52), (35, 0), (50, 0), (33, 79), (17, 79))],
    "W": [_poly((0, 0), (13, 0), (16, 45), (21, 15), (29, 15), (34, 45), (37, 0), (50, 0),
                (43, 79), (30.5, 79), (25, 46), (19.5, 79), (7, 79))],
    "X": [
        _poly((0, 0), (15, 0), (50, 79), (35, 79)),
        _poly((35, 0), (50, 0), (15, 79), (0, 79)),
    ],
    "Y": [
        _poly((0, 0), (14.5, 0), (25, 28), (35.5, 0), (50, 0), (32, 47), (32, 79), (18, 79), (18, 47)),
    ],
    "Z": [_poly((0, 0), (50, 0), (50, 13), (20, 65), (50, 65), (50, 79), (0, 79), (0, 66), (31, 14), (0, 14))],
}
_GLYPHS["O"] = _GLYPHS["0"]
_GLYPHS["I"] = _GLYPHS["1"]

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def glyph_width(char):
    """Width of the glyph box in mm (14 for 1 and I, else 50)."""
    return STROKE if char in "1I" else WIDTH


def _round_corners(points, closed):
    """Replace each corner that has a radius by an arc; returns a dense [M,2] line."""
    out = []
    n = len(points)
    for i, (x, y, r) in enumerate(points):
        if r <= 0 or (not closed and i in (0, n - 1)):
            out.append((x, y))
            continue
        p = np.array([x, y])
        a = np.array(points[i - 1][:2]) - p
        b = np.array(points[(i + 1) % n][:2]) - p
        a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
        half = math.acos(float(np.clip(a @ b, -1, 1))) / 2  # half the inner angle
        reach = r / math.tan(half)  # distance from the corner to where the arc starts
        centre = p + (a + b) / np.linalg.norm(a + b) * (r / math.sin(half))
        start, end = p + a * reach - centre, p + b * reach - centre
        t0 = math.atan2(start[1], start[0])
        turn = (math.atan2(end[1], end[0]) - t0 + math.pi) % (2 * math.pi) - math.pi
        for t in np.linspace(t0, t0 + turn, 17):
            out.append((centre[0] + r * math.cos(t), centre[1] + r * math.sin(t)))
    return np.array(out)


def _fill(mask, points):
    """Fill one polygon (mm) into the 8-bit mask, with 1/16 cell precision."""
    pts = np.round((np.asarray(points) + PAD) * GRID * 16 - 8).astype(np.int32)
    cv2.fillPoly(mask, [pts], 255, lineType=cv2.LINE_8, shift=4)


def _fill_path(mask, line, closed):
    """Stroke a line: one quadrangle a segment, and the mitre at sharp corners."""
    n = len(line)
    count = n if closed else n - 1
    normals = []
    for i in range(count):
        d = line[(i + 1) % n] - line[i]
        d = d / np.linalg.norm(d)
        normals.append(np.array([-d[1], d[0]]) * H)
    for i in range(count):
        a, b, k = line[i], line[(i + 1) % n], normals[i]
        _fill(mask, [a + k, b + k, b - k, a - k])
        if closed or i + 1 < count:
            k2 = normals[(i + 1) % count]
            m = k + k2
            m = m * (2 * H * H / max(float(m @ m), 1e-6))  # mitre tip
            for s in (1, -1):
                _fill(mask, [b, b + s * k, b + s * m, b + s * k2])


@lru_cache(maxsize=None)
def glyph_polygons(char):
    """Outline of one character: a tuple of [K,2] float arrays in mm, even-odd rule."""
    width = glyph_width(char)
    mask = np.zeros((round((HEIGHT + 2 * PAD) * GRID), round((width + 2 * PAD) * GRID)), np.uint8)
    for primitive in _GLYPHS[char]:
        if primitive[0] == "poly":
            _fill(mask, primitive[1])
        else:
            _fill_path(mask, _round_corners(primitive[2], primitive[1]), primitive[1])
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    polygons = []
    for contour in contours:
        if cv2.contourArea(contour) < GRID * GRID:
            continue
        simple = cv2.approxPolyDP(contour, 0.05 * GRID, True)[:, 0, :].astype(np.float64)
        points = (simple + 0.5) / GRID - PAD
        points[:, 0] = np.clip(points[:, 0], 0, width)
        points[:, 1] = np.clip(points[:, 1], 0, HEIGHT)
        polygons.append(np.round(points, 2))
    return tuple(polygons)


def draw_glyph(mask, char, x, y, scale_x, scale_y, value=255):
    """Fill a glyph into an 8-bit mask.

    x, y: top left of the glyph box in pixels (may be fractions); scale_x, scale_y: pixels a mm.
    """
    polygons = [
        np.round((p * (scale_x, scale_y) + (x, y)) * 16 - 8).astype(np.int32) for p in glyph_polygons(char)
    ]
    cv2.fillPoly(mask, polygons, value, lineType=cv2.LINE_AA, shift=4)


def face_json():
    """The whole face as plain data (the content of uk-face.json)."""
    return {
        "unit": "mm",
        "heightMm": HEIGHT,
        "glyphs": {
            c: {"widthMm": glyph_width(c), "polygons": [p.tolist() for p in glyph_polygons(c)]} for c in CHARACTERS
        },
    }


def main():
    parser = argparse.ArgumentParser(description="write the UK plate face as polygons")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    with open(args.out, "w") as f:
        json.dump(face_json(), f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
