"""Real crops as the detector makes them: its corners instead of the label boxes.

    python3 -m anprd_training.detector_crops --work DIR --detector detector.pt --scenes DIR [--scenes DIR ...]

writes WORK/answers.json: {"folder/file": [[width, score, x0, y0, ... x3, y3], ...]}, the answers at
some widths in pixels of the picture.  `plates` matches them with the labels; `nonplates` are answers
that touch no plate that is known: badges, signs, lamps, whose right text is the empty one.
"""
import argparse
import hashlib
import json
import os

import cv2
import numpy as np
import torch

from . import eval_detector, scene_store, scenes

WIDTHS = (512, 448, 640)  # the first is the daemon's; the others move the corners as other frames do
THRESHOLD = 0.15
NONPLATE_THRESHOLD = 0.22  # lower than the daemon's: weak answers are varied
PLATE_THRESHOLD = 0.3
SAME_IOU = 0.4
BLOCK = 25  # consecutive pictures often show the same things: they are on one side of the split


def scan(net, folders, widths=WIDTHS):
    """All answers of a detector on the pictures of some folders."""
    found = {}
    for folder in folders:
        for scene in scenes.load_scenes(folder):
            image = cv2.imread(scene.path, cv2.IMREAD_GRAYSCALE)
            rows = found[name_of(scene)] = []
            for width in widths:
                canvas, scale = eval_detector.prepare(image, width)
                rows += [[width, round(d.score, 4), *np.round(d.corners / scale, 2).ravel().tolist()]
                         for d in eval_detector.detect(net, canvas, THRESHOLD)]
    return found


def name_of(scene):
    """folder/file, as in unlabelled_plates.json."""
    return "/".join(scene.path.split(os.sep)[-3:])


def _box(row):
    return eval_detector.extents(np.float64(row[2:]).reshape(4, 2))


def _cut(image, corners, text, lines, source):
    """A RealPlate with room around the corners for jitter."""
    x0, y0, x1, y1 = eval_detector.extents(corners)
    w, h = x1 - x0, y1 - y0
    left, top = max(0, int(x0 - 0.3 * w)), max(0, int(y0 - 0.5 * h))
    patch = image[top:max(top + 2, int(np.ceil(y1 + 0.5 * h))), left:max(left + 2, int(np.ceil(x1 + 0.3 * w)))].copy()
    return scenes.RealPlate(patch, corners - (left, top), text, lines, source)


def match(row_boxes, truth):
    """Index of the answer that overlaps a true box (x0, y0, x1, y1) most, or None below SAME_IOU."""
    best = max(((eval_detector.iou(truth, b), i) for i, b in enumerate(row_boxes)), default=(0.0, -1))
    return best[1] if best[0] >= SAME_IOU else None


def plates(folders, answers, validation, widths=WIDTHS):
    """A RealPlate for every usable label of one split (None: both) and width at which it was found."""
    out = []
    for folder in folders:
        for scene in scenes.load_scenes(folder):
            wanted = [p for p in scene.plates if scenes.usable(p) and (validation is None or scenes.is_validation(p.text) == validation)]
            if not wanted:
                continue
            image = cv2.imread(scene.path, cv2.IMREAD_GRAYSCALE)
            for width in widths:
                rows = [r for r in answers[name_of(scene)] if r[0] == width and r[1] >= PLATE_THRESHOLD]
                boxes = [_box(r) for r in rows]
                for p in wanted:
                    x, y, w, h = p.box
                    i = match(boxes, np.array([x, y, x + w, y + h]))
                    if i is not None:
                        out.append(_cut(image, np.float64(rows[i][2:]).reshape(4, 2), p.text.upper(), p.lines, name_of(scene)))
    return out


def block_is_validation(name):
    """The split of pictures without a text: runs of BLOCK files, by hash."""
    folder, _, file = name.partition("/")
    number = "".join(c for c in os.path.basename(file) if c.isdigit()) or "0"
    digest = hashlib.sha256(f"{folder}/{int(number) // BLOCK}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < scenes.VALIDATION_SHARE * 2**32


def touches(box, known):
    """Whether a box (x0, y0, x1, y1) shares a pixel with any of the boxes x, y, w, h, made a tenth larger."""
    return any(box[0] < x + 1.1 * w and box[2] > x - 0.1 * w and box[1] < y + 1.1 * h and box[3] > y - 0.1 * h for x, y, w, h in known)


def nonplates(folders, answers, validation, min_width=16.0):
    """RealPlates with an empty text: answers away from every known plate.

    Labels may be incomplete: drop what a reader takes for a plate (`plate_like`) where they are."""
    with open(scene_store.UNLABELLED, encoding="utf-8") as source:
        unlabelled = json.load(source)
    out = []
    for folder in folders:
        for scene in scenes.load_scenes(folder):
            name = name_of(scene)
            if block_is_validation(name) != validation:
                continue
            known = [p.box for p in scene.plates] + unlabelled.get(name, [])
            rows = [r for r in answers[name] if r[1] >= NONPLATE_THRESHOLD and not touches(_box(r), known)
                    and _box(r)[2] - _box(r)[0] >= min_width]
            if rows:
                image = cv2.imread(scene.path, cv2.IMREAD_GRAYSCALE)
                out += [_cut(image, np.float64(r[2:]).reshape(4, 2), "", 1, name) for r in rows]
    return out


def plate_like(text):
    """Whether a text could be a plate's: 5 characters or more, some of them digits."""
    return len(text) >= 5 and any(c.isdigit() for c in text)


def main():
    parser = argparse.ArgumentParser(description="run the detector over labelled scenes")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--detector", required=True, help="checkpoint of the detector")
    parser.add_argument("--scenes", action="append", required=True, help="folder with labels.jsonl (repeatable)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    os.makedirs(args.work, exist_ok=True)
    found = scan(eval_detector.load_net(args.detector), args.scenes)
    with open(os.path.join(args.work, "answers.json"), "w", encoding="utf-8") as out:
        json.dump(found, out)
    print(f"{len(found)} pictures, {sum(map(len, found.values()))} answers")


if __name__ == "__main__":
    main()
