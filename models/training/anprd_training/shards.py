"""Makes the reader's training crops ahead of (or beside) the training, in shards.

Shard k holds 8,192 crops, about 70 % drawn plates and 30 % real ones, made from seed (seed, k)
alone: the same shard whoever makes it and whenever.

    shard-0007.npy   uint8 [8192, 48, 160]
    shard-0007.json  [[upper, lower], ...]; lower is null where a two-line text's split is unknown
"""
import argparse
import json
import os
import time

import cv2
import numpy as np

from . import degrade, plates, scenes

SIZE = 8192
REAL_SHARE = 0.3
PLATE_USES = 2  # a drawn plate is photographed twice: drawing costs as much as the camera


def make_shard(index, seed, real_plates, size=SIZE, real_share=REAL_SHARE, uk_share=0.6):
    """(crops uint8 [size,48,160], labels) of shard `index`."""
    rng = np.random.default_rng([seed, index])
    crops = np.empty((size, 48, 160), np.uint8)
    labels = []
    recent = []
    for i in range(size):
        if real_plates and rng.random() < real_share:
            plate = real_plates[int(rng.integers(0, len(real_plates)))]
            crops[i] = scenes.augmented_crop(rng, plate)
            labels.append([plate.text, None if plate.lines == 2 else ""])
            continue
        if len(recent) < 256 or rng.random() < 1 / PLATE_USES:
            recent.append(plates.draw_plate(rng, uk_share))
            plate = recent[-1]
            if len(recent) > 512:
                del recent[:256]
        else:
            plate = recent[int(rng.integers(0, len(recent)))]
        crops[i] = degrade.plate_crop(rng, plate)
        labels.append((plate.line_texts + [""])[:2])
    return crops, labels


def path_of(folder, index):
    return os.path.join(folder, f"shard-{index:04d}.npy")


def write_shard(folder, index, seed, real_plates, **options):
    crops, labels = make_shard(index, seed, real_plates, **options)
    path = path_of(folder, index)
    with open(path[:-4] + ".json", "w") as f:
        json.dump(labels, f)
    np.save(path + ".part.npy", crops)
    os.replace(path + ".part.npy", path)  # appears whole or not at all


def read_shard(folder, index, wait_s=1800):
    """(crops, labels); waits for a shard that another process is making."""
    path = path_of(folder, index)
    until = time.time() + wait_s
    while not os.path.exists(path):
        if time.time() > until:
            raise TimeoutError(path)
        time.sleep(1)
    with open(path[:-4] + ".json") as f:
        return np.load(path), json.load(f)


def main():
    parser = argparse.ArgumentParser(description="make training crops for the reader")
    parser.add_argument("--scenes", action="append", default=[], help="folder with labels.jsonl (repeatable)")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--size", type=int, default=SIZE, help="crops of a shard")
    parser.add_argument("--seed", type=int, default=2026)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    os.makedirs(args.work, exist_ok=True)
    real = scenes.load_real_plates(args.scenes, validation=False)
    print(f"{len(real)} real plates", flush=True)
    for index in range(args.first, args.first + args.count):
        if not os.path.exists(path_of(args.work, index)):
            start = time.time()
            write_shard(args.work, index, args.seed, real, size=args.size)
            print(f"shard {index}: {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
