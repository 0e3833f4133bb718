"""Checks the drawn UK face against sheets of real characters: same shapes, and each nearest to its own.

    python3 -m anprd_training.glyph_check --sheets DIR [--overlay FILE.png] [--json FILE]

DIR holds one picture a character (A.png: cells of 32 x 56 px, 20 a row, dark on light) and index.json
{"count": {"A": 125, ...}}.  The face is drawn from its published measures; the sheets only tell
whether a stroke was understood wrongly, so nothing here is written back into the face.

Real characters are seen from all sides, so every one is stretched to the glyph box before it is
compared; a narrow one (1) keeps its proportions.  Exit code 1 when a bar is missed.
"""
import argparse
import json
import os
import sys

import cv2
import numpy as np

from . import face, scenes

COLUMNS, CELL_W, CELL_H = 20, 32, 56
BOX_W, BOX_H = 50, 79  # the glyph box, one pixel a mm
MARGIN = 3  # room for the shifts
SHIFTS = [(dx, dy) for dy in (-2, 0, 2) for dx in (-2, 0, 2)]
NARROW = 0.42  # width by height; below it a character is not stretched to the full width
FEWEST_INK_PX = 40  # a cell with less is empty

LEAST_IOU = 0.75  # of a drawn glyph with the mean of its sheet
LARGEST_GAP_MM = 2.0  # mean distance of the two outlines; plates are printed to about half of it
LEAST_NEAREST = 0.9  # share of single real characters whose nearest drawn glyph is their own


def read_sheets(folder):
    """{character: [cell uint8 [56, 32], ink bright]}. Raises OSError where the folder has no such sheets."""
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as source:
        counts = json.load(source)["count"]
    sheets = {}
    for char, count in sorted(counts.items()):
        sheet = cv2.imread(os.path.join(folder, char + ".png"), cv2.IMREAD_GRAYSCALE)
        if sheet is None:
            raise OSError(f"{folder}/{char}.png cannot be read; expected a sheet of {count} characters")
        cells = ((i // COLUMNS * CELL_H, i % COLUMNS * CELL_W) for i in range(count))
        sheets[char] = [255 - sheet[y:y + CELL_H, x:x + CELL_W] for y, x in cells]
    return sheets


def fit(ink):
    """The ink of a picture stretched to the glyph box: float32 [BOX_H, BOX_W] plus margins, 0..1; None where empty."""
    ys, xs = np.nonzero(ink > 127)
    if len(ys) < FEWEST_INK_PX:
        return None
    cut = ink[ys.min():ys.max() + 1, xs.min():xs.max() + 1]
    width = BOX_W if cut.shape[1] > NARROW * cut.shape[0] else max(1, round(cut.shape[1] * BOX_H / cut.shape[0]))
    out = np.zeros((BOX_H + 2 * MARGIN, BOX_W + 2 * MARGIN), np.float32)
    left = MARGIN + (BOX_W - width) // 2
    how = cv2.INTER_AREA if cut.shape[0] > BOX_H else cv2.INTER_LINEAR
    out[MARGIN:MARGIN + BOX_H, left:left + width] = cv2.resize(cut, (width, BOX_H), interpolation=how) / 255.0
    return out


def drawn(char):
    """The drawn glyph, fitted as a real one is."""
    mask = np.zeros((round(face.HEIGHT * 4) + 2, round(face.WIDTH * 4) + 2), np.uint8)
    face.draw_glyph(mask, char, 1, 1, 4, 4)
    return fit(mask)


def similarity(glyphs, cells):
    """IoU [cells, glyphs] of soft pictures, the best of some small shifts."""
    flat = cells.reshape(len(cells), -1)
    area = flat.sum(1)[:, None]
    best = np.zeros((len(cells), len(glyphs)), np.float32)
    for dx, dy in SHIFTS:
        moved = np.roll(glyphs, (dy, dx), (1, 2)).reshape(len(glyphs), -1)
        common = flat @ moved.T
        best = np.maximum(best, common / (area + moved.sum(1)[None] - common))
    return best


def outline_gap(a, b):
    """Mean distance in mm from the outline of one picture to that of the other, both ways."""
    edges = [cv2.morphologyEx((p > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) for p in (a, b)]
    far = [cv2.distanceTransform(1 - e, cv2.DIST_L2, 5) for e in edges]
    return float((far[1][edges[0] > 0].mean() + far[0][edges[1] > 0].mean()) / 2)


def compare(sheets):
    """Rows {char: {n, iou, gapMm, nearest, rival}}: nearest is the share of its real characters that lie
    nearest to it, rival the glyph that takes most of the others; and the mean pictures."""
    chars = [c for c in face.CHARACTERS if scenes.fold(c) == c]  # O and I are 0 and 1
    glyphs = np.stack([drawn(c) for c in chars])
    cells = {c: [] for c in chars}
    for char, sheet in sheets.items():
        cells[scenes.fold(char)] += [f for f in map(fit, sheet) if f is not None]
    rows, means = {}, {}
    for i, char in enumerate(chars):
        if not cells[char]:
            continue
        real = np.stack(cells[char])
        means[char] = real.mean(0)
        nearest = similarity(glyphs, real).argmax(1)
        others = [chars[k] for k in nearest if k != i]
        ious = similarity(glyphs, (means[char][None] > 0.5).astype(np.float32))[0]
        rows[char] = {
            "n": len(real), "iou": round(float(ious[i]), 3), "gapMm": round(outline_gap(glyphs[i], means[char]), 2),
            "ownSheet": chars[int(ious.argmax())] == char, "nearest": round(float((nearest == i).mean()), 3),
            "rival": max(set(others), key=others.count) if others else "",
        }
    return rows, means


def faults(rows):
    """What is out of bounds, in words; empty when the face is right."""
    out = []
    for char, row in rows.items():
        if row["iou"] < LEAST_IOU:
            out.append(f"{char}: IoU {row['iou']} with the mean real character; expected at least {LEAST_IOU}")
        if row["gapMm"] > LARGEST_GAP_MM:
            out.append(f"{char}: outlines {row['gapMm']} mm apart; expected at most {LARGEST_GAP_MM}")
        if not row["ownSheet"]:
            out.append(f"{char}: another drawn glyph is nearer to its sheet")
    share = nearest_share(rows)
    if share < LEAST_NEAREST:
        out.append(f"{share:.3f} of the real characters are nearest to their own glyph; expected at least {LEAST_NEAREST}")
    return out


def nearest_share(rows):
    return sum(r["n"] * r["nearest"] for r in rows.values()) / sum(r["n"] for r in rows.values())


def overlay(means, columns=9, zoom=4):
    """A picture to look at: mean real characters with the outline of the drawn one."""
    tiles = []
    for char, mean in means.items():
        size = (mean.shape[1] * zoom, mean.shape[0] * zoom)
        tile = cv2.cvtColor(255 - np.uint8(cv2.resize(mean, size) * 255), cv2.COLOR_GRAY2BGR)
        shape = (cv2.resize(drawn(char), size) > 0.5).astype(np.uint8)
        lines, _ = cv2.findContours(shape, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, lines, -1, (0, 0, 255), 2)
        tiles.append(tile)
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i:i + columns]) for i in range(0, len(tiles), columns)])


def main():
    parser = argparse.ArgumentParser(description="check the drawn UK face against sheets of real characters")
    parser.add_argument("--sheets", required=True, help="folder with one sheet a character and index.json")
    parser.add_argument("--overlay", help="picture to write: real characters with the drawn outlines")
    parser.add_argument("--json", help="write the rows here")
    args = parser.parse_args()
    rows, means = compare(read_sheets(args.sheets))
    print("glyph   n    IoU  outline gap  own glyph nearest  (most taken by)")
    for char, row in rows.items():
        print(f"  {char}  {row['n']:4d}  {row['iou']:.3f}  {row['gapMm']:6.2f} mm  {100 * row['nearest']:8.1f} %        {row['rival']}")
    print(f"all {sum(r['n'] for r in rows.values())} characters: {100 * nearest_share(rows):.1f} % nearest to their own glyph, "
          f"mean IoU {np.mean([r['iou'] for r in rows.values()]):.3f}")
    if args.overlay:
        cv2.imwrite(args.overlay, overlay(means))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"glyphs": rows, "nearest": round(nearest_share(rows), 4)}, out, indent=1)
    wrong = faults(rows)
    for line in wrong:
        print(line, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
