"""Train the plate reader.

    python3 -m anprd_training.train_reader --scenes DIR [--scenes DIR ...] --work DIR [--out models/reader.onnx]

Uses the shards that `python3 -m anprd_training.shards` makes (start it beside this program: it
waits for shards not yet there; with --make-shards it makes the missing ones itself).  Selection
is by the real validation split only.  The learning rate follows a cosine over --samples.
"""
import argparse
import copy
import json
import math
import os
import time

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from . import device, evaluate, scenes, shards
from .reader_net import BLANK, STEPS, Reader, count_macs, encode


def ctc(logits, texts):
    """CTC loss of each sample for one row: logits [N,80,37], N texts."""
    on = logits.device
    targets = torch.tensor([k for t in texts for k in encode(t)], dtype=torch.long, device=on)
    lengths = torch.tensor([len(t) for t in texts], dtype=torch.long, device=on)
    steps = torch.full((len(texts),), STEPS, dtype=torch.long, device=on)
    logp = logits.log_softmax(2).permute(1, 0, 2)
    return F.ctc_loss(logp, targets, steps, lengths, blank=BLANK, reduction="none", zero_infinity=True)


def loss_of(logits, labels):
    """Mean loss of both rows. A label (text, None) is a two-line text whose split is unknown: its
    probability is the sum over all splits."""
    index, upper, lower, group = [], [], [], []
    for i, (a, b) in enumerate(labels):
        splits = [(a, b)] if b is not None else [(a[:k], a[k:]) for k in range(1, len(a))]
        for u, l in splits:
            index.append(i)
            upper.append(u)
            lower.append(l)
    index_t = torch.tensor(index, device=logits.device)
    both = ctc(logits[index_t, 0], upper) + ctc(logits[index_t, 1], lower)
    if len(index) == len(labels):
        return both.mean()
    total = [torch.logsumexp(-both[index_t == i], 0) for i in sorted({j for j in index if index.count(j) > 1})]
    single = torch.tensor([index.count(j) == 1 for j in index], device=logits.device)
    return (both[single].sum() - torch.stack(total).sum()) / len(labels)


def light_augment(rng, crops):
    """Cheap changes so that a shard can be used twice: a small shift, gain and fresh noise."""
    out = crops.astype(np.float32)
    n = len(out)
    dx, dy = int(rng.integers(-3, 4)), int(rng.integers(-1, 2))
    out = np.pad(out, ((0, 0), (1, 1), (3, 3)), mode="edge")[:, 1 + dy:49 + dy, 3 + dx:163 + dx]
    sigma = rng.uniform(0, 5, (n, 1, 1)).astype(np.float32)
    return out + rng.standard_normal(out.shape, np.float32) * sigma


class Ema:
    """Running mean of weights and statistics; early on it forgets faster."""

    def __init__(self, model, decay=0.999):
        self.model, self.decay, self.count = copy.deepcopy(model).eval(), decay, 0

    def update(self, model):
        self.count += 1
        d = min(self.decay, (1 + self.count) / (10 + self.count))
        with torch.no_grad():
            for a, b in zip(self.model.state_dict().values(), model.state_dict().values()):
                if a.dtype.is_floating_point:
                    a.mul_(d).add_(b, alpha=1 - d)
                else:
                    a.copy_(b)


def main():
    parser = argparse.ArgumentParser(description="train the plate reader")
    parser.add_argument("--scenes", action="append", required=True, help="folder with labels.jsonl (repeatable)")
    parser.add_argument("--work", required=True, help="scratch folder for shards and checkpoints")
    parser.add_argument("--out", help="where the finished model goes (ONNX)")
    parser.add_argument("--samples", type=int, default=500_000)
    parser.add_argument("--shards", type=int, default=32)
    parser.add_argument("--first-shard", type=int, default=0)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--fp32", action="store_true", help="no bfloat16 (which is twice as fast where the CPU has it)")
    parser.add_argument("--name", default="reader")
    parser.add_argument("--init", help="checkpoint to start from")
    parser.add_argument("--make-shards", action="store_true", help="make missing shards in this process")
    device.add_argument(parser)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    on = device.pick(args.device)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed + 1)
    folder = os.path.join(args.work, "shards")
    os.makedirs(folder, exist_ok=True)

    real_x, real_y, _ = evaluate.real_set(args.scenes, True)
    drawn_x, drawn_y = evaluate.drawn_set(600)
    model = Reader()
    if args.init:
        model.load_state_dict(torch.load(args.init, map_location="cpu")["model"])
    print("parameters, multiply-accumulates:", count_macs(model), f"validation crops: {len(real_y)}", flush=True)
    model = model.to(on, memory_format=torch.channels_last)
    ema = Ema(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=0.01)
    train_real = scenes.load_real_plates(args.scenes, False) if args.make_shards else None

    total = args.samples // args.batch
    warm, step, use, best, start = 300, 0, 0, -math.inf, time.process_time()
    running = []
    while step < total:
        index = args.first_shard + (use // 4 * 2 + use % 2) % args.shards  # 0 1 0 1 2 3 2 3 ...: making crops costs as much as learning
        if args.make_shards and not os.path.exists(shards.path_of(folder, index)):
            shards.write_shard(folder, index, args.seed, train_real)
        crops, labels = shards.read_shard(folder, index)
        use += 1
        order = rng.permutation(len(crops))
        for b in range(len(crops) // args.batch):
            if step >= total:
                break
            rate = args.rate * min(1.0, (step + 1) / warm) * (0.5 + 0.5 * math.cos(math.pi * step / total))
            for group in optimizer.param_groups:
                group["lr"] = max(rate, args.rate * 0.004)
            pick = np.sort(order[b * args.batch:(b + 1) * args.batch])
            x = torch.from_numpy(light_augment(rng, crops[pick]))[:, None].to(on)
            model.train()
            with device.mixed_precision(on, not args.fp32):
                logits = model(x.contiguous(memory_format=torch.channels_last))
            loss = loss_of(logits.float(), [labels[i] for i in pick])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            ema.update(model)
            running.append(loss.item())
            step += 1
            if step % 100 == 0:
                print(f"{step} steps, loss {np.mean(running[-100:]):.3f}, {time.process_time() - start:.0f} s", flush=True)
            if step % 400 == 0 or step == total:
                real = evaluate.rates(evaluate.read_texts(ema.model, real_x), real_y)
                drawn = evaluate.rates(evaluate.read_texts(ema.model, drawn_x), drawn_y)
                row = {"samples": step * args.batch, "cpu_s": round(time.process_time() - start), "loss":
                       round(float(np.mean(running)), 3), "real": real, "drawnUk": drawn}
                running = []
                print(json.dumps(row), flush=True)
                state = {"model": ema.model.state_dict(), "row": row}
                torch.save(state, os.path.join(args.work, f"{args.name}-last.pt"))
                # Exact and folded rates and the character error rate together: less noise than one.
                score = real["folded"] + 0.5 * real["exact"] - real["cer"]
                if score > best:
                    best = score
                    torch.save(state, os.path.join(args.work, f"{args.name}-best.pt"))
    if args.out:
        from .export_reader import export
        export(os.path.join(args.work, f"{args.name}-best.pt"), args.out)


if __name__ == "__main__":
    main()
