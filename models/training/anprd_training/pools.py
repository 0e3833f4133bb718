"""Pools of crops for the reader's fine-tuning, in the format of the shards.

    python3 -m anprd_training.pools --work DIR --kind hard|detector|none [--scenes DIR ...] [--reader reader.pt]

    hard      drawn UK plates of the kinds that are read worst
    detector  real plates cut by the detector's corners (needs WORK/answers.json, see detector_crops)
    none      non-plates, half real and half drawn: the right text is the empty one
"""
import argparse
import glob
import json
import os
import time

import cv2
import numpy as np
import torch

from . import detector_crops, evaluate, hard_plates, scenes, signs
from .reader_net import Reader

JITTER = 0.02  # the detector's own errors are in the corners already


def load_reader(checkpoint):
    """A reader on the averaged weights of a checkpoint."""
    model = Reader()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu")["model"])
    return model.eval()


def read(model, crops):
    """(greedy text, mean probability of its characters) of every crop uint8 [N,48,160]."""
    logits = evaluate.logits_of(model, crops)
    best, index = logits.softmax(3).max(3)
    out = []
    for text, p, k in zip(evaluate.greedy(logits), best.numpy(), index.numpy()):
        ink = k != 36
        out.append(("".join(text), float(p[ink].mean()) if ink.any() else 0.0))
    return out


def false_share(model, crops, length=4, probability=0.5):
    """Share of non-plates that are read with a text of `length` characters or more and some certainty."""
    return float(np.mean([len(t) >= length and p > probability for t, p in read(model, crops)]))


def real_nonplates(folders, answers, validation, reader):
    """Answers away from known plates that a reader does not take for a plate (labels are not complete).

    Where it reads next to nothing, one in four is enough."""
    found = detector_crops.nonplates(folders, answers, validation)
    texts = read(reader, np.stack([scenes.plain_crop(p) for p in found]))
    return [p for i, (p, (text, _)) in enumerate(zip(found, texts))
            if not detector_crops.plate_like(text) and (len(text) >= 2 or i % 4 == 0)]


def nonplate_set(folders, answers, reader, drawn=400, seed=55):
    """(real crops, drawn crops) of non-plates for validation."""
    real = [scenes.plain_crop(p) for p in real_nonplates(folders, answers, True, reader)]
    rng = np.random.default_rng([seed, 7])
    return np.stack(real), np.stack([signs.sign_crop(rng) for _ in range(drawn)])


def detector_set(folders, answers, widths=detector_crops.WIDTHS):
    """(crops, texts) of the validation plates, cut by the detector's corners, plain."""
    plates = detector_crops.plates(folders, answers, True, widths)
    return np.stack([scenes.plain_crop(p) for p in plates]), [p.text for p in plates]


def hard_samples(rng):
    """Endless (crop, label) of hard drawn plates; each is photographed twice."""
    while True:
        plate = hard_plates.draw(rng)
        for _ in range(2):
            yield hard_plates.hard_crop(rng, plate), (plate.line_texts + [""])[:2]


def real_samples(rng, plates, jitter):
    """Endless (crop, label) of real plates or non-plates, each changed at random."""
    while True:
        for i in rng.permutation(len(plates)):
            plate = plates[i]
            yield scenes.augmented_crop(rng, plate, jitter), [plate.text, None if plate.lines == 2 else ""]


def none_samples(rng, nonplates):
    real = real_samples(rng, nonplates, 2 * JITTER)
    while True:
        yield next(real)
        yield signs.sign_crop(rng), ["", ""]


def write(path, samples, count):
    """The first `count` samples as path.npy and path.json."""
    crops, labels = np.empty((count, 48, 160), np.uint8), []
    for i in range(count):
        crops[i], label = next(samples)
        labels.append(label)
    with open(path + ".json", "w") as f:
        json.dump(labels, f)
    np.save(path + ".part.npy", crops)
    os.replace(path + ".part.npy", path + ".npy")  # appears whole or not at all


class Pool:
    """Crops and labels of some shards, mapped from disk, handed out in random order without end."""

    def __init__(self, rng, pattern):
        self.rng, self.paths, self.queue = rng, sorted(glob.glob(pattern)), []
        if not self.paths:
            raise SystemExit(f"no pool matches {pattern}; make it first (anprd_training.pools, anprd_training.shards)")
        self.crops = [np.load(p, mmap_mode="r") for p in self.paths]
        self.labels = []
        for path in self.paths:
            with open(path[:-4] + ".json") as f:
                self.labels.append(json.load(f))

    def take(self, count):
        crops, labels = [], []
        while len(crops) < count:
            if not self.queue:
                self.queue = [(s, int(i)) for s in range(len(self.crops)) for i in range(len(self.crops[s]))]
                self.rng.shuffle(self.queue)
            s, i = self.queue.pop()
            crops.append(self.crops[s][i])
            labels.append(self.labels[s][i])
        return crops, labels


def main():
    parser = argparse.ArgumentParser(description="make pools of crops for the reader's fine-tuning")
    parser.add_argument("--work", required=True, help="scratch folder")
    parser.add_argument("--kind", required=True, choices=("hard", "detector", "none"))
    parser.add_argument("--scenes", action="append", default=[], help="folder with labels.jsonl (repeatable)")
    parser.add_argument("--reader", help="checkpoint that sorts plates out of the non-plates")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--size", type=int, default=8192)
    parser.add_argument("--seed", type=int, default=2027)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    for index in range(args.first, args.first + args.count):
        rng = np.random.default_rng([args.seed, index, len(args.kind)])
        if args.kind == "hard":
            samples = hard_samples(rng)
        else:
            with open(os.path.join(args.work, "answers.json"), encoding="utf-8") as source:
                answers = json.load(source)
            if args.kind == "detector":
                samples = real_samples(rng, detector_crops.plates(args.scenes, answers, False), JITTER)
            else:
                samples = none_samples(rng, real_nonplates(args.scenes, answers, False, load_reader(args.reader)))
        start = time.time()
        write(os.path.join(args.work, f"{args.kind}-{index:04d}"), samples, args.size)
        print(f"{args.kind} {index}: {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
