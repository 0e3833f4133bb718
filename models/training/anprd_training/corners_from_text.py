"""Corners of real plates, found by what is written on them.

    python3 -m anprd_training.corners_from_text --work DIR --reader reader.pt --scenes DIR [--scenes DIR ...]

Labels are upright boxes: nobody wrote down how a plate is slanted. But its text is known, and a reader
reads a crop best whose corners are right. For every usable label of the training split the quad is searched
that makes the known text likeliest, that lies its rows and strokes along the crop's, and that strays
little from the detector's answer (WORK/answers.json, see detector_crops) or, without one, from the box.

Writes WORK/corners.json: {"folder/file": [[x0, y0, ... x3, y3] or null, one a label]}, in pixels of the
picture; null where the text is unknown, belongs to the validation split, or is not read at the end. Pictures of
the reader's validation split teach nothing here, so that right reads on them still select.
"""
import argparse
import json
import os
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import torch

from . import composites, crop, detector_crops, eval_detector, evaluate, pools, scenes, train_reader

# A quad is searched as: slope of the long edges and lean of the short ones (radians), then, as shares of its own
# sides, log width, log height, shift along and shift down, and how much taller its right side is than its left.
SLOPE, LEAN, WIDER, TALLER, ALONG, DOWN, TAPER = range(7)
# How far a right quad is expected from the start; the last five are also how far labels and detectors err.
PRIOR = np.array([0.21, 0.24, 0.05, 0.10, 0.03, 0.06, 0.06])
FIRST_SLOPES = np.radians([-20, -14, -9, -4, 0, 4, 9, 14, 20])
FIRST_LEANS = np.radians([-14, 0, 14])
# Where the detector found nothing (the steepest plates, loose labels) everything is less certain.
LOOSE_PRIOR = np.array([0.4, 0.3, 0.12, 0.3, 0.06, 0.12, 0.06])
LOOSE_SLOPES = np.radians([-44, -36, -28, -20, -13, -6, 0, 6, 13, 20, 28, 36, 44])
LOOSE_LEANS = np.radians([-24, -12, 0, 12, 24])
LOOSE_TALLER = (0.0, -0.4)
ROUNDS = 4
CANDIDATES = 20
SPREAD = np.array([0.06, 0.09, 0.04, 0.08, 0.025, 0.05, 0.04])  # of the first round after the grid
SHRINK = 0.68  # of the spread, from round to round
ELITE = 8  # candidates whose weighted mean the next round starts from
TEMPERATURE = 1.5  # nats: candidates this much worse than the best count a third in a mean
ROWS_WEIGHT = 6.0  # of the log sharpness of the rows, against nats of the text
STROKES_WEIGHT = 3.0
DOUBTED = -1.0  # where the text stays less likely than this, the detector may have misled: begin again from the label
LEAST_LIKELIHOOD = -3.0  # a plate whose text is less likely than this in the end (nats) keeps its box
THINNEST, FATTEST = 9.0, 1.0  # width by height of a plate seen from anywhere


@dataclass
class Search:
    """One plate on its way to its corners."""

    name: str
    index: int  # of the label in its picture
    patch: np.ndarray
    origin: np.ndarray  # of the patch in the picture, px
    box: np.ndarray  # x0, y0, x1, y1 in the patch that the quad's extent starts from
    label: np.ndarray  # x0, y0, x1, y1 in the patch of the label, less what it leaves free
    start: np.ndarray  # the seven numbers of the start
    text: str
    lines: int
    loose: bool = False  # whether the start is only the label
    tried: list = field(default_factory=list)  # (seven numbers, worth, text's log likelihood)


def quad_of(box, numbers):
    """Corners [4, 2] of the quad with the seven numbers; its parallelogram fills the box where that can be.

    A box too narrow for a slope answers the thinnest plate that has its width."""
    slope, lean = numbers[SLOPE], numbers[LEAN]
    width, height = box[2] - box[0], box[3] - box[1]
    along, down = np.array([np.cos(slope), np.sin(slope)]), np.array([-np.sin(lean), np.cos(lean)])
    sides = np.linalg.solve(np.abs([[along[0], down[0]], [along[1], down[1]]]), [width, height])
    long = max(sides[0], 0.3 * width)
    short = np.clip(sides[1], long / THINNEST, long / FATTEST)
    right = along * long * np.exp(numbers[WIDER])
    below = down * short * np.exp(numbers[TALLER])
    centre = np.array([box[0] + box[2], box[1] + box[3]]) / 2 + right * numbers[ALONG] + below * numbers[DOWN]
    left_side, right_side = below * np.exp(-numbers[TAPER] / 2), below * np.exp(numbers[TAPER] / 2)
    return np.array([centre - right / 2 - left_side / 2, centre + right / 2 - right_side / 2,
                     centre + right / 2 + right_side / 2, centre - right / 2 + left_side / 2])


def text_likelihood(logits, text, lines):
    """Log likelihood, nats [N], of one text for logits [N, 2, steps, 37]; all splits of two lines are added up."""
    splits = [(text[:k], text[k:]) for k in range(1, len(text))] if lines == 2 else [(text, "")]
    count = len(logits)
    each = [-(train_reader.ctc(logits[:, 0], [upper] * count) + train_reader.ctc(logits[:, 1], [lower] * count)) for upper, lower in splits]
    return torch.logsumexp(torch.stack(each), 0).numpy()


def alignment(crops):
    """Worth [N] of crops [N, 48, 160] whose rows of text lie level and whose strokes stand upright, in nats."""
    grey = crops.astype(np.float32)
    grey = cv2.GaussianBlur(grey.reshape(-1, crop.WIDTH), (3, 1), 0.7).reshape(grey.shape)
    inner = grey[:, :, 10:-10]
    contrast = inner.std((1, 2)) + 2.0
    rows = np.abs(np.diff(inner, axis=2)).mean(2)  # how busy each row is: text jumps up and down at its edges
    level = np.square(np.diff(rows, axis=1)).sum(1) / contrast ** 2
    strokes = inner[:, 9:39].mean(1)  # strokes that stand upright make dark columns
    upright = np.square(np.diff(strokes, axis=1)).sum(1) / contrast ** 2
    return ROWS_WEIGHT * 0.5 * np.log(level + 1e-4) + STROKES_WEIGHT * 0.5 * np.log(upright + 1e-3)


def prior(search, numbers):
    """Log prior of the seven numbers, nats."""
    return -0.5 * float(np.square((numbers - search.start) / (LOOSE_PRIOR if search.loose else PRIOR)).sum())


def first_candidates(search):
    """The start, and slopes and leans on a grid."""
    slopes, leans, taller = (LOOSE_SLOPES, LOOSE_LEANS, LOOSE_TALLER) if search.loose else (FIRST_SLOPES, FIRST_LEANS, (0.0,))
    grid = np.zeros((len(slopes) * len(leans) * len(taller), 7))
    grid[:, [SLOPE, LEAN, TALLER]] = [(s, l, t) for s in slopes for l in leans for t in taller]
    return [search.start, *grid]


def weighted_mean(tried):
    worth = np.array([t[1] for t in tried])
    weight = np.exp((worth - worth.max()) / TEMPERATURE)
    return (np.array([t[0] for t in tried]) * weight[:, None]).sum(0) / weight.sum()


def try_candidates(model, search, candidates):
    """Judge candidates of one plate and remember them."""
    crops = np.stack([crop.crop_plate(search.patch, quad_of(search.box, c)) for c in candidates])
    with torch.autocast("cpu", torch.bfloat16):
        logits = evaluate.logits_of(model, crops).float()
    likelihood = text_likelihood(logits, search.text, search.lines)
    worth = likelihood + alignment(crops) + [prior(search, c) for c in candidates]
    search.tried += list(zip(candidates, worth, likelihood))


def corners_of(model, search, rng):
    """The corners [4, 2] in the picture, and the log likelihood of the text there."""
    try_candidates(model, search, first_candidates(search))
    for turn in range(ROUNDS):
        elite = sorted(search.tried, key=lambda t: -t[1])[:ELITE]
        steps = rng.standard_normal((CANDIDATES // 2, 7)) * SPREAD * SHRINK ** turn
        middle = weighted_mean(elite)
        try_candidates(model, search, [middle, *(middle + s for s in steps), *(middle - s for s in steps)])
    best = weighted_mean(sorted(search.tried, key=lambda t: -t[1])[:2 * ELITE])
    try_candidates(model, search, [best])
    return quad_of(search.box, best) + search.origin, float(search.tried[-1][2])


def settle(model, search, rng):
    """As corners_of, and a second time from the label where the detector's answer led to doubtful corners."""
    corners, likelihood = corners_of(model, search, rng)
    if likelihood >= DOUBTED or search.loose:
        return corners, likelihood
    again = replace(search, box=search.label, start=np.zeros(7), loose=True, tried=[])
    other, better = corners_of(model, again, rng)
    return (other, better) if better > likelihood - DOUBTED else (corners, likelihood)


def inset_box(box):
    """x0, y0, x1, y1 of a label, less what labels usually leave free round a plate."""
    x, y, w, h = box
    dx, dy = composites.LABEL_INSET[0] * w, composites.LABEL_INSET[1] * h
    return np.array([x + dx, y + dy, x + w - dx, y + h - dy])


def start_of(plate, rows):
    """Box, seven numbers and whether they are loose: the mean of the detector's answers for the label, or the label."""
    x, y, w, h = plate.box
    truth = np.array([x, y, x + w, y + h])
    quads = []
    for width in detector_crops.WIDTHS:
        own = [np.float64(r[2:]).reshape(4, 2) for r in rows if r[0] == width and r[1] >= detector_crops.PLATE_THRESHOLD]
        hit = detector_crops.match([np.concatenate([q.min(0), q.max(0)]) for q in own], truth)
        if hit is not None:
            quads.append(own[hit])
    numbers = np.zeros(7)
    if not quads:
        return inset_box(plate.box), numbers, True
    mean = np.mean(quads, 0)
    numbers[[SLOPE, LEAN]] = eval_detector.edge_angles(mean)
    return np.concatenate([mean.min(0), mean.max(0)]), numbers, False


def searches(folders, answers):
    """A Search for every usable label of the training split."""
    for folder in folders:
        for scene in scenes.load_scenes(folder):
            wanted = [(i, p) for i, p in enumerate(scene.plates) if scenes.usable(p) and not scenes.is_validation(p.text)]
            if not wanted:
                continue
            image = cv2.imread(scene.path, cv2.IMREAD_GRAYSCALE)
            name = detector_crops.name_of(scene)
            for index, plate in wanted:
                box, numbers, loose = start_of(plate, answers.get(name, []))
                label = inset_box(plate.box)
                room = 0.4 * (label[2] - label[0])
                left, top = np.maximum(np.floor(np.minimum(box, label)[:2] - room), 0).astype(int)
                right, bottom = np.ceil(np.maximum(box, label)[2:] + room).astype(int)
                patch, corner = image[top:bottom, left:right].copy(), np.array([left, top])
                yield Search(name, index, patch, corner, box - np.tile(corner, 2), label - np.tile(corner, 2), numbers,
                             plate.text.upper(), plate.lines, loose)


def main():
    parser = argparse.ArgumentParser(description="find the corners of real plates by their texts")
    parser.add_argument("--work", required=True, help="scratch folder with answers.json")
    parser.add_argument("--reader", required=True, help="checkpoint of the reader")
    parser.add_argument("--scenes", action="append", required=True, help="folder with labels.jsonl (repeatable)")
    parser.add_argument("--seed", type=int, default=31)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with open(os.path.join(args.work, "answers.json"), encoding="utf-8") as source:
        answers = json.load(source)
    model = pools.load_reader(args.reader)
    count = {detector_crops.name_of(s): len(s.plates) for folder in args.scenes for s in scenes.load_scenes(folder)}
    found, kept = {}, 0
    for number, search in enumerate(searches(args.scenes, answers)):
        rng = np.random.default_rng([args.seed, number])
        corners, likelihood = settle(model, search, rng)
        if likelihood >= LEAST_LIKELIHOOD:
            row = found.setdefault(search.name, [None] * count[search.name])
            row[search.index] = np.round(corners, 2).ravel().tolist()
            kept += 1
        if (number + 1) % 200 == 0:
            print(f"{number + 1} plates, corners of {kept}", flush=True)
    with open(os.path.join(args.work, "corners.json"), "w", encoding="utf-8") as out:
        json.dump(found, out)
    print(f"{number + 1} plates, corners of {kept}")


if __name__ == "__main__":
    main()
