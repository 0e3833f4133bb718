"""Measures a detector: recall at IoU 0.5 and false positives on labelled scenes, corners on drawn plates.

Command line: eval_detector.py --work DIR --scenes DIR [--eval DIR] [--width 512] [--all] [--json FILE]
Of --scenes only pictures of the validation split count, with --all every picture; of --eval (folders
that never trained) every picture. Such numbers are for the report: they choose nothing.
"""
import argparse
import json
import os
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from . import composites, scene_store
from .detector_net import INPUT_MULTIPLE, STRIDE, DetectorNet, ExportedDetector

THRESHOLDS = (0.3, 0.4, 0.5)
SAME_PLATE_IOU = 0.4  # two answers that overlap more than this are one plate


@dataclass
class Detection:
    corners: np.ndarray  # float32 [4, 2], canvas pixels
    score: float


def prepare(image, width):
    """Canvas uint8 [H, width] with H a multiple of 32, and the scale; as the daemon does it."""
    scale = width / image.shape[1]
    height = max(1, round(image.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((-(-height // INPUT_MULTIPLE) * INPUT_MULTIPLE, width), composites.PAD, np.uint8)
    canvas[:height] = image if scale == 1 else cv2.resize(image, (width, height), interpolation=how)
    return canvas, scale


def extents(corners):
    """Boxes x0, y0, x1, y1 around corners [..., 4, 2]."""
    return np.concatenate([corners.min(-2), corners.max(-2)], -1)


def iou(a, b):
    """Intersection over union of two boxes x0, y0, x1, y1."""
    cut = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    inter = max(0.0, cut[0]) * max(0.0, cut[1])
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inter
    return inter / max(1e-9, union)


def decode(heat, corners, threshold):
    """Detections, best first. heat: probabilities [h, w]; corners: [8, h, w] offsets in pixels."""
    peak = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat >= threshold) & (heat == peak))
    found = []
    for index in np.argsort(-heat[rows, columns], kind="stable"):
        y, x = rows[index], columns[index]
        quad = corners[:, y, x].reshape(4, 2) + ((x + 0.5) * STRIDE, (y + 0.5) * STRIDE)
        box = extents(quad)
        if all(iou(box, extents(other.corners)) < SAME_PLATE_IOU for other in found):
            found.append(Detection(quad, float(heat[y, x])))
    return found


@torch.no_grad()
def detect(net, canvas, threshold):
    heat, corners = ExportedDetector(net)(torch.from_numpy(canvas)[None, None].to(memory_format=torch.channels_last))
    return decode(heat[0, 0].numpy(), corners[0].numpy(), threshold)


def evaluate_scenes(net, pictures, width, thresholds=THRESHOLDS):
    """A dict by threshold of recall and false positives.

    pictures: list of (grey image, boxes [n, 4] x y w h, boxes [m, 4] of known unlabelled plates).
    `found` is recall at IoU 0.3: labels are often looser than the plate, and corners that are tighter
    than the label then fail at 0.5. A false positive touches no plate at IoU 0.1: second answers on
    one plate count as well, unlabelled plates that were never noticed unfortunately too.
    """
    total = 0
    hits = {t: 0 for t in thresholds}
    loose = {t: 0 for t in thresholds}
    false = {t: 0 for t in thresholds}
    overlap = []
    for image, boxes, unlabelled in pictures:
        canvas, scale = prepare(image, width)
        found = detect(net, canvas, min(thresholds))
        for t in thresholds:
            kept = [(extents(d.corners), d.score) for d in found if d.score >= t]
            used = set()
            for x, y, w, h in boxes:
                truth = np.array([x, y, x + w, y + h]) * scale
                best = max(((iou(truth, box), i) for i, (box, _) in enumerate(kept) if i not in used), default=(0, -1))
                loose[t] += best[0] >= 0.3
                if best[0] >= 0.5:
                    hits[t] += 1
                    used.add(best[1])
                    if t == min(thresholds):
                        overlap.append(best[0])
                elif best[0] >= 0.1:
                    used.add(best[1])
            for x, y, w, h in unlabelled:
                truth = np.array([x, y, x + w, y + h]) * scale
                used.update(i for i, (box, _) in enumerate(kept) if iou(truth, box) >= 0.1)
            false[t] += len(kept) - len(used)
        total += len(boxes)
    return {t: {"recall": hits[t] / max(1, total), "found": loose[t] / max(1, total), "false_per_image": false[t] / max(1, len(pictures)),
                "plates": total, "mean_iou": float(np.mean(overlap)) if overlap else 0.0} for t in thresholds}


WIDTH_BANDS = ((12, 22), (22, 35), (35, 60), (60, 120), (120, 400))


def drawn_set(scenes, plates, count, seed, mix=composites.PLAIN):
    """Fixed composites with drawn plates, for validation."""
    rng = np.random.default_rng(seed)
    return [composites.compose(rng, scenes, plates, (384, 224), mix) for _ in range(count)]


def evaluate_drawn(net, drawn, threshold=0.4):
    """Per width band: plates, recall at IoU 0.5, mean corner error in percent of the plate's width."""
    bands = {band: [0, 0, []] for band in WIDTH_BANDS}
    for composite in drawn:
        found = detect(net, composite.image, threshold)
        for target in composite.targets:
            if not target.exact or target.weight < 1:
                continue
            w = float(np.ptp(target.corners[:, 0]))
            band = next((b for b in WIDTH_BANDS if b[0] <= w < b[1]), None)
            if band is None:
                continue
            bands[band][0] += 1
            truth = extents(target.corners)
            best = max(found, key=lambda d: iou(truth, extents(d.corners)), default=None)
            if best is not None and iou(truth, extents(best.corners)) >= 0.5:
                bands[band][1] += 1
                side = np.linalg.norm(target.corners[1] - target.corners[0])
                bands[band][2].append(np.linalg.norm(best.corners - target.corners, axis=1).mean() / side * 100)
    total = sum(b[0] for b in bands.values())
    errors = [e for b in bands.values() for e in b[2]]
    return {
        "plates": total,
        "recall": sum(b[1] for b in bands.values()) / max(1, total),
        "corner_error_percent": float(np.mean(errors)) if errors else 100.0,
        "bands": {f"{low}-{high}": [n, round(hit / max(1, n), 3), round(float(np.mean(e)), 2) if e else None]
                  for (low, high), (n, hit, e) in bands.items()},
    }


def edge_angles(corners):
    """Slope of the long and lean of the short edges, radians, of corners [4, 2]."""
    right = (corners[1] - corners[0] + corners[2] - corners[3]) / 2
    down = (corners[3] - corners[0] + corners[2] - corners[1]) / 2
    return np.array([np.arctan2(right[1], right[0]), np.arctan2(-down[0], down[1])])


SLANTED_DEGREES = (6.0, 9.0)  # a plate whose long edges slope or short edges lean more than this is slanted


def evaluate_read(net, scenes, width=512, threshold=0.3):
    """Errors on real plates whose corners their texts told (Scene.read), all and the slanted ones alone.

    Plates, share of them found, mean absolute errors of slope and lean in degrees, and the mean distance of the
    corners in percent of the plate's width.
    """
    rows = []
    for scene in scenes:
        if not scene.read:
            continue
        canvas, scale = prepare(scene.levels[0], width)
        found = detect(net, canvas, threshold)
        for corners in scene.read.values():
            truth = corners * scale
            box = extents(truth)
            best = max(found, key=lambda d: iou(box, extents(d.corners)), default=None)
            told = np.degrees(edge_angles(truth))
            slanted = bool((np.abs(told) > SLANTED_DEGREES).any())
            if best is None or iou(box, extents(best.corners)) < 0.3:
                rows.append((slanted, None))
                continue
            turn = np.abs(np.degrees(edge_angles(best.corners)) - told)
            miss = np.linalg.norm(best.corners - truth, axis=1).mean() / np.linalg.norm(truth[1] - truth[0]) * 100
            rows.append((slanted, (*turn, miss)))
    out = {}
    for name, kept in (("all", rows), ("slanted", [r for r in rows if r[0]])):
        errors = np.array([r[1] for r in kept if r[1] is not None]).reshape(-1, 3).mean(0) if any(r[1] for r in kept) else (0.0, 0.0, 0.0)
        out[name] = {"plates": len(kept), "found": sum(r[1] is not None for r in kept) / max(1, len(kept)),
                     "slope_error_deg": float(errors[0]), "lean_error_deg": float(errors[1]), "corner_error_percent": float(errors[2])}
    return out


def load_net(path):
    """The averaged weights of a checkpoint, ready to run."""
    saved = torch.load(path, map_location="cpu")
    net = DetectorNet(saved["widths"])
    net.load_state_dict(saved["weights"])
    return net.eval().to(memory_format=torch.channels_last)


def pictures_of(folder, every):
    """[(grey picture, boxes, known unlabelled boxes)] of a folder: its validation split, or all of it."""
    labels = scene_store.read_labels(folder)
    name = os.path.basename(os.path.normpath(folder))
    with open(scene_store.UNLABELLED, encoding="utf-8") as source:
        unlabelled = json.load(source)
    return [(cv2.imread(os.path.join(folder, label["file"]), cv2.IMREAD_GRAYSCALE), [p["box"] for p in label["plates"] if "box" in p],
             unlabelled.get(f"{name}/{label['file']}", []))
            for label, key in zip(labels, scene_store.split_keys(name, labels)) if every or scene_store.is_validation(key)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True)
    parser.add_argument("--scenes", action="append", required=True)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--eval", action="append", default=[])
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--json", help="write the figures here, and those of drawn plates from the training's end")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    checkpoint = os.path.join(arguments.work, "detector.pt")
    net = load_net(checkpoint)
    sets = {}
    for folder in (*arguments.scenes, *arguments.eval):
        name = os.path.basename(os.path.normpath(folder))
        every = arguments.all or folder in arguments.eval
        pictures = pictures_of(folder, every)
        print(name, len(pictures), "pictures, width", arguments.width)
        rows = evaluate_scenes(net, pictures, arguments.width)
        for threshold, result in rows.items():
            print(f"  threshold {threshold}: recall {result['recall']:.3f} (IoU 0.3: {result['found']:.3f}) of {result['plates']}, "
                  f"false/image {result['false_per_image']:.3f}, mean IoU {result['mean_iou']:.3f}")
        sets[name if every else "validation " + name] = {
            "pictures": len(pictures), "plates": rows[THRESHOLDS[0]]["plates"],
            "thresholds": {str(t): {"recall": round(r["recall"], 4), "recallIou03": round(r["found"], 4),
                                    "falsePerImage": round(r["false_per_image"], 3)} for t, r in rows.items()}}
    if arguments.json:
        saved = torch.load(checkpoint, map_location="cpu")["result"]
        with open(arguments.json, "w", encoding="utf-8") as out:
            json.dump({"widthPx": arguments.width, "sets": sets, "drawn": saved["drawn"]["bands"]}, out, indent=1)


if __name__ == "__main__":
    main()
