"""Rates of a reader checkpoint on label-box crops.

    python3 -m anprd_training.eval_reader --work DIR --scenes DIR ... [--eval DIR ...] [--json FILE]

--scenes: the training folders; their validation split is measured.  --eval: folders that never
train or select a model; measured for the report only.
"""
import argparse
import json
import os

import cv2
import torch

from . import evaluate, scenes
from .marks import UK_FORM
from .reader_net import Reader


def format_read(logits, bonus=3.0):
    """Text of logits [2,80,37]: the greedy one if it has a UK form, else the best of a beam search with
    a bonus (in log probability) for texts of a UK form."""
    text = "".join(evaluate.greedy(torch.from_numpy(logits)[None])[0])
    if UK_FORM.match(text):
        return text
    upper, lower = evaluate.beam(logits[0], 8, 5), evaluate.beam(logits[1], 4, 3)
    options = [(pu + pl, tu + tl) for tu, pu in upper[:8] for tl, pl in lower[:4]]
    return max(options, key=lambda o: o[0] + bonus * bool(UK_FORM.match(o[1])))[1]


def report(name, model, crops, texts, uk=False):
    logits = evaluate.logits_of(model, crops)
    read = [a + b for a, b in evaluate.greedy(logits)]
    row = evaluate.rates(read, texts)
    if uk:
        row["ukForm"] = evaluate.rates([format_read(z) for z in logits.numpy()], texts)["folded"]
    ones = [i for i, t in enumerate(texts) if "11" in scenes.fold(t)]
    if ones:
        row["with11"] = evaluate.rates([read[i] for i in ones], [texts[i] for i in ones])["folded"]
        row["n11"] = len(ones)
    row = {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}
    print(name, json.dumps(row), flush=True)
    return row, read


def main():
    parser = argparse.ArgumentParser(description="measure the plate reader on crops")
    parser.add_argument("--work", required=True)
    parser.add_argument("--scenes", action="append", default=[])
    parser.add_argument("--eval", action="append", default=[], help="folders for the report only")
    parser.add_argument("--checkpoint")
    parser.add_argument("--json", help="write the rates here")
    parser.add_argument("--drawn", type=int, default=1500, help="number of drawn UK crops")
    parser.add_argument("--errors", action="store_true", help="print what was read wrong")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model = Reader()
    model.load_state_dict(torch.load(args.checkpoint or os.path.join(args.work, "reader-best.pt"), map_location="cpu")["model"])
    result = {}

    def add(name, crops, texts, uk=False):
        result[name], read = report(name, model, crops, texts, uk)
        if args.errors:
            print("  " + " ".join(f"{t}>{r}" for t, r in zip(texts, read) if scenes.fold(t) != scenes.fold(r)))

    for folder in args.scenes:
        crops, texts, _ = evaluate.real_set([folder], True)
        add("validation " + os.path.basename(os.path.normpath(folder)), crops, texts)
    if args.drawn:
        add("drawn UK", *evaluate.drawn_set(args.drawn), uk=True)
    for folder in args.eval:
        if not os.path.exists(os.path.join(folder, "labels.jsonl")):
            continue
        crops, texts, _ = evaluate.real_set([folder], None)
        add(os.path.basename(os.path.normpath(folder)), crops[::2], texts[::2], uk="uk" in folder)
        add(os.path.basename(os.path.normpath(folder)) + " jittered", crops[1::2], texts[1::2], uk="uk" in folder)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(result, f, indent=1)


if __name__ == "__main__":
    main()
