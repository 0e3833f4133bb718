"""Fine-tune the reader on crops as the detector makes them, with non-plates.

    python3 -m anprd_training.tune_reader --scenes DIR [--scenes DIR ...] --work DIR --shards DIR --init reader.pt

--work holds answers.json (detector_crops) and the pools (pools); --shards the trainer's shards.  The
rate follows a cosine over --minutes on the clock, or over --samples, which any machine repeats.  Weights are averaged; the checkpoint is chosen on
the validation split alone, its plates cut by the detector's corners and its non-plates counted.
"""
import argparse
import json
import math
import os
import time

import cv2
import numpy as np
import torch

from . import device, evaluate, pools
from .train_reader import Ema, light_augment, loss_of

# Crops of each batch of 64; a third of the shards' crops are real ones from label boxes.
SHARES = {"detector": 18.0, "none": 9.0, "hard": 11.0}
EVERY = 500  # steps between two measurements


def measure(model, checks):
    """Rates on the validation plates, drawn plates and non-plates."""
    row = {name: evaluate.rates(evaluate.read_texts(model, x), y) for name, (x, y) in checks["plates"].items()}
    row |= {name: pools.false_share(model, x) for name, x in checks["nonplates"].items()}
    return {k: {a: round(b, 4) for a, b in v.items()} if isinstance(v, dict) else round(v, 4) for k, v in row.items()}


def blend(old, new, share):
    """Weights between two checkpoints of one lineage: `share` of the new one."""
    return {k: old[k] * (1 - share) + new[k] * share if old[k].dtype.is_floating_point else new[k] for k in new}


def score(row):
    """What selects: exact, folded and character rates together and the non-plates that were read."""
    real = row["detector"]
    return real["folded"] + 0.5 * real["exact"] - real["cer"] - 0.3 * row["realNone"] - 0.2 * row["drawnNone"]


def main():
    parser = argparse.ArgumentParser(description="fine-tune the plate reader")
    parser.add_argument("--scenes", action="append", required=True, help="folder with labels.jsonl (repeatable)")
    parser.add_argument("--work", required=True, help="scratch folder with answers and pools; takes the checkpoints")
    parser.add_argument("--shards", required=True, help="folder of the trainer's shards")
    parser.add_argument("--init", required=True, help="checkpoint to start from")
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--samples", type=int, help="how many crops, instead of minutes")
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=2028)
    parser.add_argument("--share", type=float, default=0.85, help="of the tuned weights in reader-blend.pt; the rest is --init")
    device.add_argument(parser)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    on = device.pick(args.device)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    with open(os.path.join(args.work, "answers.json"), encoding="utf-8") as source:
        answers = json.load(source)
    model = pools.load_reader(args.init).to(on)
    real_none, drawn_none = pools.nonplate_set(args.scenes, answers, model)
    checks = {
        "plates": {"detector": pools.detector_set(args.scenes, answers), "drawnUk": evaluate.drawn_set(400)},
        "nonplates": {"realNone": real_none, "drawnNone": drawn_none},
    }
    print(f"{len(checks['plates']['detector'][1])} validation crops, {len(real_none)} real non-plates", flush=True)
    sources = {k: pools.Pool(rng, os.path.join(args.work, f"{k}-*[0-9].npy")) for k in SHARES}
    sources["shards"] = pools.Pool(rng, os.path.join(args.shards, "shard-*[0-9].npy"))
    model = model.to(memory_format=torch.channels_last)
    print("before", json.dumps(measure(model, checks)), flush=True)
    ema = Ema(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.01)
    start, step, best, running = time.time(), 0, -1e9, []
    owed = dict.fromkeys(SHARES, 0.0)
    while True:
        done = step * args.batch / args.samples if args.samples else (time.time() - start) / (args.minutes * 60)
        if done < 1:
            rate = args.rate * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * done))
            for group in optimizer.param_groups:
                group["lr"] = max(rate, args.rate * 0.002)
            crops, labels = [], []
            for kind, share in SHARES.items():  # shares need not be whole numbers
                owed[kind] += share * args.batch / 64
                count = int(owed[kind])
                owed[kind] -= count
                x, y = sources[kind].take(count)
                crops, labels = crops + x, labels + y
            x, y = sources["shards"].take(args.batch - len(crops))
            x = torch.from_numpy(light_augment(rng, np.stack(crops + x)))[:, None].to(on)
            model.train()
            with device.mixed_precision(on):
                logits = model(x.contiguous(memory_format=torch.channels_last))
            loss = loss_of(logits.float(), labels + y)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            ema.update(model)
            running.append(loss.item())
            step += 1
        if done >= 1 or step % EVERY == 0:
            row = measure(ema.model, checks)
            row |= {"steps": step, "minutes": round((time.time() - start) / 60, 1), "loss": round(float(np.mean(running or [0])), 3)}
            running = []
            row["score"] = round(score(row), 4)
            print(json.dumps(row), flush=True)
            state = {"model": ema.model.state_dict(), "row": row}
            torch.save(state, os.path.join(args.work, "reader-last.pt"))
            if row["score"] > best:
                best = row["score"]
                torch.save(state, os.path.join(args.work, "reader-best.pt"))
        if done >= 1:
            break
    start = torch.load(args.init, map_location="cpu")["model"]
    mixed = blend(start, ema.model.cpu().state_dict(), args.share)
    torch.save({"model": mixed}, os.path.join(args.work, "reader-blend.pt"))
    print("blend", json.dumps(measure(pools.load_reader(os.path.join(args.work, "reader-blend.pt")), checks)))


if __name__ == "__main__":
    main()
