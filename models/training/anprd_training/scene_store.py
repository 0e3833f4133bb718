"""Scenes decoded once: grey pyramids in one flat file, with labels and a near-duplicate-safe split.

A scenes folder holds `labels.jsonl`, one object a picture:
  {"file": "images/x.jpg", "plates": [{"box": [x, y, w, h] px, "text"?: str, ...}]}
The store in the work folder is `scenes.u8` (all pixels) and `scenes.json` (sizes, offsets, labels).
Plates in those pictures that nobody labelled, as far as they were noticed (a first detector pointed
at them, a person looked), are listed in ../unlabelled_plates.json as {"folder/file": [[x, y, w, h]]}.
Decoding 2,500 JPEGs takes longer than mapping the finished file, and runs are repeated often.
"""
import hashlib
import json
import os
from dataclasses import dataclass, field

import cv2
import numpy as np

LONGEST_SIDE_PX = 1280
UNLABELLED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unlabelled_plates.json")
LEVELS = 3  # full, half and quarter size: a crop is warped from the level nearest to its scale
VALIDATION_PERCENT = 10
# Chosen so that both folders get about a tenth: the Romanian frames show few vehicles, often.
SPLIT_SALT = "d"
BLOCK = 25  # pictures without a text are split by runs of this many consecutive files


@dataclass
class Scene:
    name: str
    levels: list  # grey images uint8 [h, w], each half of the one before
    boxes: np.ndarray  # float32 [n, 4]: x, y, w, h in pixels of level 0
    validation: bool
    unlabelled: np.ndarray  # float32 [n, 4]: plates that are neither asked for nor punished
    hard: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))  # not plates, but taken for some
    read: dict = field(default_factory=dict)  # index of a box: its plate's corners float32 [4, 2] on level 0


def read_labels(folder):
    with open(os.path.join(folder, "labels.jsonl"), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def split_keys(folder_name, labels):
    """One key a picture; pictures that share any plate text, directly or through others, share it.

    Union-find over the texts: a frame with plates A and B ties all frames of A to all frames of B.
    """
    parent = {}

    def root(key):
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    own = []
    for index, label in enumerate(labels):
        texts = sorted({plate["text"] for plate in label["plates"] if plate.get("text")})
        keys = texts or [f"{folder_name}/block{index // BLOCK}"]
        for key in keys[1:]:
            parent[root(key)] = root(keys[0])
        own.append(keys[0])
    return [root(key) for key in own]


def is_validation(key):
    return int(hashlib.sha256((SPLIT_SALT + key).encode()).hexdigest()[:8], 16) % 100 < VALIDATION_PERCENT


def build(folders, work):
    """Decode all scenes of `folders` into the store in `work`; returns nothing."""
    entries = []
    offset = 0
    os.makedirs(work, exist_ok=True)
    with open(os.path.join(work, "scenes.u8.part"), "wb") as pixels:
        for folder in folders:
            folder_name = os.path.basename(os.path.normpath(folder))
            labels = read_labels(folder)
            for label, key in zip(labels, split_keys(folder_name, labels)):
                image = cv2.imread(os.path.join(folder, label["file"]), cv2.IMREAD_GRAYSCALE)
                if image is None:
                    raise SystemExit(f"{folder}/{label['file']} cannot be decoded; expected a picture that OpenCV reads")
                scale = min(1.0, LONGEST_SIDE_PX / max(image.shape))
                if scale < 1.0:
                    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                sizes = []
                start = offset
                for level in range(LEVELS):
                    if level:
                        half = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
                        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
                    pixels.write(image.tobytes())
                    offset += image.size
                    sizes.append(list(image.shape))
                boxes = [[v * scale for v in plate["box"]] for plate in label["plates"] if "box" in plate]
                entries.append({
                    "name": f"{folder_name}/{label['file']}",
                    "offset": start,
                    "sizes": sizes,
                    "boxes": boxes,
                    "scale": scale,
                    "validation": is_validation(key),
                })
    os.replace(os.path.join(work, "scenes.u8.part"), os.path.join(work, "scenes.u8"))
    with open(os.path.join(work, "scenes.json"), "w", encoding="utf-8") as out:
        json.dump({"folders": [os.path.basename(os.path.normpath(f)) for f in folders], "scenes": entries}, out)


def load(folders, work, corners=None):
    """The scenes, built first where the store is missing or was made from other folders.

    corners: file of corners that the plates' texts told (corners_from_text), or None.
    """
    index = os.path.join(work, "scenes.json")
    names = [os.path.basename(os.path.normpath(f)) for f in folders]
    if not os.path.exists(index) or json.load(open(index, encoding="utf-8"))["folders"] != names:
        build(folders, work)
    with open(index, encoding="utf-8") as source:
        entries = json.load(source)["scenes"]
    pixels = np.fromfile(os.path.join(work, "scenes.u8"), np.uint8)
    with open(UNLABELLED, encoding="utf-8") as source:
        unlabelled = json.load(source)
    read = {}
    if corners:
        with open(corners, encoding="utf-8") as source:
            read = json.load(source)
    scenes = []
    for entry in entries:
        at = entry["offset"]
        levels = []
        for h, w in entry["sizes"]:
            levels.append(pixels[at:at + h * w].reshape(h, w))
            at += h * w
        boxes = np.asarray(entry["boxes"], np.float32).reshape(-1, 4)
        ignored = np.asarray(unlabelled.get(entry["name"], []), np.float32).reshape(-1, 4) * entry["scale"]
        told = {i: np.float32(row).reshape(4, 2) * np.float32(entry["scale"])
                for i, row in enumerate(read.get(entry["name"], [])) if row is not None}
        scenes.append(Scene(entry["name"], levels, boxes, entry["validation"], ignored, read=told))
    return scenes
