"""Trains the detector on composites made as it goes; writes `detector.pt` and a log into the work folder.

  train_detector.py --scenes DIR [--scenes DIR] --work DIR --seed N --minutes M [--init detector.pt --rate 1e-3]

The minutes are training time on the clock; the learning rate follows them (or the number of --pictures,
which any machine repeats), so a shorter run ends properly too. One torch thread: on shared cores two are
slower. What is kept is the averaged network (EMA) that did best on the validation split of the scenes and
on drawn plates over those scenes. Every network that was validated stays as `detector-MINUTES.pt`.
"""
import argparse
import json
import math
import os
import shutil
import time
from dataclasses import replace

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from . import composites, device, eval_detector, plate_bank, scene_store
from .detector_net import STRIDE, DetectorNet, multiply_accumulates, parameter_count

BATCH = 16
SIZES = ((384, 224), (384, 224), (384, 224), (320, 256), (288, 320))  # w, h; about equal area
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-4
EMA_DECAY = 0.998
CORNER_WEIGHT = 8.0
BOX_WEIGHT = 4.0
# How edges are turned, beside where corners are: a lean of 8 degrees moves a corner by less than labels err, and
# was hardly learnt from corners alone.
TURN_WEIGHT = 1.0
SHORTEST_EDGE_PX = 8.0  # on shorter edges a pixel counts as on this one
# Strong answers where nobody labelled: perhaps a plate. Punished at this share once the network knows plates.
# Much lower than this and lamps, badges and stickers are never unlearned (0.15 left 0.8 a picture).
UNLABELLED_WEIGHT = 0.5
UNLABELLED_PROBABILITY = 0.5
# Answers of an earlier network as sure as this, where nobody labelled: zoomed at often. Surer ones may be plates.
HARD_SCORE = (0.25, 0.8)
UNLABELLED_AFTER = 0.12  # of the training time


def rasterise(batch, size):
    """Targets of a batch of composites on the stride-8 grid, all float32 numpy.

    heat [N, h, w]: a gaussian round every plate centre, 1 in its cell; negative weight [N, h, w]: 0 in
    ignored places, 1 where all is known, 2 where a plate may be unlabelled (resolved in the loss);
    corners [N, 8, h, w] offsets; exact, box and turn [N, h, w]: weights of the losses on corners, extents and
    directions;
    unit [N, h, w]: pixels that count as an error of one; slack [N, 2, h, w]: pixels in x and y that
    count as none.
    """
    columns, rows = size[0] // STRIDE, size[1] // STRIDE
    n = len(batch)
    heat = np.zeros((n, rows, columns), np.float32)
    negative = np.zeros_like(heat)
    corners = np.zeros((n, 8, rows, columns), np.float32)
    exact, box, turn, unit = np.zeros_like(heat), np.zeros_like(heat), np.zeros_like(heat), np.ones_like(heat)
    slack = np.zeros((n, 2, rows, columns), np.float32)
    xs = ((np.arange(columns) + 0.5) * STRIDE).astype(np.float32)
    ys = ((np.arange(rows) + 0.5) * STRIDE).astype(np.float32)
    half = STRIDE // 2
    for i, composite in enumerate(batch):
        negative[i] = np.where(composite.known[half::STRIDE, half::STRIDE], 1.0, 2.0)
        for x0, y0, x1, y1 in composite.ignore:
            inside = ((ys > y0 - half) & (ys < y1 + half))[:, None] & ((xs > x0 - half) & (xs < x1 + half))[None]
            negative[i][inside] = 0
        for target in composite.targets:
            low, high = target.corners.min(0), target.corners.max(0)
            centre = (low + high) / 2
            w, h = high - low
            column = min(columns - 1, max(0, int(centre[0] // STRIDE)))
            row = min(rows - 1, max(0, int(centre[1] // STRIDE)))
            # Neighbours whose answer would be nearly as good are punished less.
            sigma_x, sigma_y = max(4.5, 0.09 * w), max(4.5, 0.12 * h)
            bump = np.exp(-0.5 * ((ys - centre[1]) / sigma_y) ** 2)[:, None] * np.exp(-0.5 * ((xs - centre[0]) / sigma_x) ** 2)[None]
            bump[row, column] = 1.0
            mine = (bump > heat[i]) & (bump > 0.3)
            heat[i] = np.maximum(heat[i], bump)
            for k in range(4):
                corners[i, 2 * k][mine] = np.broadcast_to(target.corners[k, 0] - xs[None], mine.shape)[mine]
                corners[i, 2 * k + 1][mine] = np.broadcast_to(target.corners[k, 1] - ys[:, None], mine.shape)[mine]
            exact[i][mine] = bump[mine] * target.weight * target.exact
            turn[i][mine] = exact[i][mine] * target.aimed
            box[i][mine] = bump[mine] * (1.0 if not target.exact else 0.3)
            unit[i][mine] = max(6.0, math.sqrt(w * h))
            slack[i, 0][mine], slack[i, 1][mine] = target.slack
    return heat, negative, corners, exact, box, turn, unit, slack


def heat_loss(logits, target, negative, softened, doubt=UNLABELLED_WEIGHT):
    """Focal loss on the centre map, divided by the number of plates."""
    p = torch.sigmoid(logits)
    positive = (target == 1).float()
    weight = torch.where(negative == 2, torch.ones_like(negative), negative)
    if softened:
        doubtful = (negative == 2) & (p.detach() > UNLABELLED_PROBABILITY) & (target < 0.02)
        weight = torch.where(doubtful, torch.full_like(weight, doubt), weight)
    gain = -(1 - p) ** 2 * F.logsigmoid(logits) * positive
    loss = -(p ** 2) * F.logsigmoid(-logits) * (1 - target) ** 4 * weight * (1 - positive)
    return (gain + loss).sum() / positive.sum().clamp(min=1)


def beyond(error, slack, unit):
    """Smooth L1 of what an error in pixels exceeds the slack by, in units; mean over dimension 1."""
    error = F.relu(error.abs() - slack) / unit[:, None]
    return F.smooth_l1_loss(error, torch.zeros_like(error), beta=0.05, reduction="none").mean(1)


def turned(predicted, target):
    """Loss on the directions of the four edges, [N, h, w]: about the sine of the angle between answer and truth.

    It does not depend on how long the answered edges are: otherwise plates whose slant is hard to see shrink.
    """
    following = [2, 3, 4, 5, 6, 7, 0, 1]
    ax, ay = (predicted[:, following] - predicted).unflatten(1, (4, 2)).unbind(2)
    bx, by = (target[:, following] - target).unflatten(1, (4, 2)).unbind(2)
    long_enough = lambda x, y: (x * x + y * y).sqrt().clamp(min=SHORTEST_EDGE_PX)
    sine = (ax * by - ay * bx) / (long_enough(ax, ay) * long_enough(bx, by))
    return F.smooth_l1_loss(sine, torch.zeros_like(sine), beta=0.05, reduction="none").mean(1)


def corner_loss(predicted, target, exact, box, turn, unit, slack):
    """Loss on real corners and the directions of edges, and on the extent of the four corners where only a box is known."""
    per_cell = beyond(predicted - target, slack.repeat(1, 4, 1, 1), unit)
    x, y = predicted[:, 0::2], predicted[:, 1::2]
    tx, ty = target[:, 0::2], target[:, 1::2]
    edges = torch.stack([x.amin(1) - tx.amin(1), y.amin(1) - ty.amin(1), x.amax(1) - tx.amax(1), y.amax(1) - ty.amax(1)], 1)
    per_box = beyond(edges, slack.repeat(1, 2, 1, 1), unit)
    per_cell = per_cell * exact + TURN_WEIGHT * turned(predicted, target) * turn
    return (per_cell.sum() / exact.sum().clamp(min=1), (per_box * box).sum() / box.sum().clamp(min=1))


class Average:
    """Exponential moving average of all floating-point state, batch statistics included."""

    def __init__(self, net):
        self.state = {k: v.detach().clone() for k, v in net.state_dict().items()}
        self.steps = 0

    def update(self, net):
        self.steps += 1
        decay = min(EMA_DECAY, (1 + self.steps) / (10 + self.steps))
        for key, value in net.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[key].mul_(decay).add_(value, alpha=1 - decay)
            else:
                self.state[key].copy_(value)


def learning_rate(peak, progress):
    warm = min(1.0, progress / 0.02)
    return peak * warm * (0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def mine(net, scenes, work, width=512):
    """Sets `hard` of every scene: boxes x, y, w, h on level 0 where `net` sees a plate that is none.

    They are kept in `hard.json` of the work folder: delete it to look again.
    """
    path = os.path.join(work, "hard.json")
    kept = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as source:
            kept = json.load(source)
    for scene in scenes:
        if kept:
            scene.hard = np.asarray(kept.get(scene.name, []), np.float32).reshape(-1, 4)
            continue
        canvas, scale = eval_detector.prepare(scene.levels[0], width)
        labelled = [np.array([x, y, x + w, y + h]) * scale for x, y, w, h in np.concatenate([scene.boxes, scene.unlabelled])]
        hard = []
        for found in eval_detector.detect(net, canvas, HARD_SCORE[0]):
            box = eval_detector.extents(found.corners)
            if found.score < HARD_SCORE[1] and all(eval_detector.iou(box, other) < 0.05 for other in labelled):
                hard.append(np.array([box[0], box[1], max(4, box[2] - box[0]), max(2, box[3] - box[1])]) / scale)
        scene.hard = np.asarray(hard, np.float32).reshape(-1, 4)
    with open(path, "w", encoding="utf-8") as out:
        json.dump({scene.name: scene.hard.tolist() for scene in scenes if len(scene.hard)}, out)


def validate(state, widths, held_out, drawn, slanted):
    """Result dict and the one number that selects: recall and low error count, false answers cost little."""
    net = DetectorNet(widths)
    net.load_state_dict(state)
    net.eval().to(memory_format=torch.channels_last)
    scenes = eval_detector.evaluate_scenes(net, [(s.levels[0], s.boxes, s.unlabelled) for s in held_out], 512)
    synthetic = eval_detector.evaluate_drawn(net, drawn)
    middle = scenes[0.4]
    score = (middle["found"] + 0.5 * synthetic["recall"]
             - 0.1 * middle["false_per_image"] - 0.03 * synthetic["corner_error_percent"])
    return {"scenes": scenes, "drawn": synthetic, "slanted": eval_detector.evaluate_drawn(net, slanted),
            "read": eval_detector.evaluate_read(net, held_out), "score": score}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", action="append", required=True, help="folder with labels.jsonl; repeat for more")
    parser.add_argument("--work", required=True, help="scratch folder for decoded scenes, checkpoints and the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--pictures", type=int, help="how many composites, instead of minutes")
    parser.add_argument("--init", help="checkpoint to go on from")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE, help="highest learning rate; half of it to go on from --init")
    parser.add_argument("--mix", choices=composites.MIXES, default="plain",
                        help="middle, slanted: more slanted and small plates and, with --init, more places wrongly taken for plates")
    parser.add_argument("--corners", help="corners.json of corners_from_text: real plates teach their corners as well")
    parser.add_argument("--corner-weight", type=float, default=CORNER_WEIGHT)
    parser.add_argument("--doubt", type=float, default=UNLABELLED_WEIGHT, help="share at which strong unlabelled answers are punished")
    parser.add_argument("--fp32", action="store_true", help="no bfloat16: twice as slow on CPUs that have it")
    parser.add_argument("--threads", type=int, default=1)
    device.add_argument(parser)
    arguments = parser.parse_args()
    on = device.pick(arguments.device)
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    os.makedirs(arguments.work, exist_ok=True)

    scenes = scene_store.load(arguments.scenes, arguments.work, arguments.corners)
    training = [s for s in scenes if not s.validation]
    held_out = [s for s in scenes if s.validation]
    plates = plate_bank.load(arguments.work, arguments.seed)
    boxed = [replace(s, read={}) for s in held_out]  # the same drawn pictures with and without read corners
    drawn = eval_detector.drawn_set(boxed, plates[: len(plates) // 10], 300, seed=4242)
    slanted = eval_detector.drawn_set(boxed, plates[: len(plates) // 10], 300, seed=4243, mix=composites.SLANTED)
    mix = composites.MIXES[arguments.mix]
    plates = plates[len(plates) // 10:]

    net = DetectorNet().to(memory_format=torch.channels_last)
    if arguments.init:
        net.load_state_dict(torch.load(arguments.init, map_location="cpu")["weights"])
        if mix.hard:
            mine(eval_detector.load_net(arguments.init), training, arguments.work)
            print(f"{sum(len(s.hard) for s in training)} hard places in {sum(len(s.hard) > 0 for s in training)} scenes", flush=True)
    print(f"{parameter_count(net)} parameters, {multiply_accumulates(net, 288, 512) / 1e6:.0f} MMAC at 512 x 288; "
          f"{len(training)} scenes train, {len(held_out)} validate, {len(plates)} drawn plates, "
          f"{sum(len(s.read) for s in training)} real plates with corners", flush=True)
    net = net.to(on)
    decayed = [p for p in net.parameters() if p.dim() > 1]
    plain = [p for p in net.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed}, {"params": plain, "weight_decay": 0}], LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    average = Average(net)

    spent, step, done, best, sums = 0.0, 0, 0.0, -1e9, np.zeros(3)
    check_every = min(10.0 / arguments.minutes, 1 / 3)  # share of the training
    next_check = check_every
    log = open(os.path.join(arguments.work, "detector_log.jsonl"), "a", encoding="utf-8")
    while done < 1:
        began = time.monotonic()
        size = SIZES[rng.integers(len(SIZES))]
        batch = [composites.compose(rng, training, plates, size, mix) for _ in range(BATCH)]
        images = torch.from_numpy(np.stack([c.image for c in batch])[:, None]).to(on).float().to(memory_format=torch.channels_last)
        heat, negative, corners, exact, box, turn, unit, slack = (torch.from_numpy(m).to(on) for m in rasterise(batch, size))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(arguments.rate, done)
        with device.mixed_precision(on, not arguments.fp32):
            features = net.features(images)
        logits, offsets = net.answers(features.float())
        loss_heat = heat_loss(logits[:, 0], heat, negative, done > UNLABELLED_AFTER or bool(arguments.init), arguments.doubt)
        loss_exact, loss_box = corner_loss(offsets, corners, exact, box, turn, unit, slack)
        optimiser.zero_grad(set_to_none=True)
        (loss_heat + arguments.corner_weight * loss_exact + BOX_WEIGHT * loss_box).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        average.update(net)
        step += 1
        sums += (loss_heat.item(), loss_exact.item(), loss_box.item())
        spent += time.monotonic() - began
        done = step * BATCH / arguments.pictures if arguments.pictures else spent / (arguments.minutes * 60)
        if step % 50 == 0:
            print(f"step {step} {spent / 60:.1f} min {spent / step / BATCH * 1e3:.1f} ms/image "
                  f"heat {sums[0] / 50:.3f} corners {sums[1] / 50:.4f} box {sums[2] / 50:.4f}", flush=True)
            sums[:] = 0
        if done >= next_check or done >= 1:
            next_check += check_every
            result = validate(average.state, net.widths, held_out, drawn, slanted)
            result.update(step=step, minutes=round(spent / 60, 1), seed=arguments.seed)
            written = json.dumps(result)
            print(written, flush=True)
            log.write(written + "\n")
            log.flush()
            path = os.path.join(arguments.work, f"detector-{round(spent / 60)}.pt")
            torch.save({"weights": average.state, "widths": net.widths, "result": json.loads(written)}, path)  # plain data, which every PyTorch loads
            if result["score"] > best:
                best = result["score"]
                shutil.copyfile(path, os.path.join(arguments.work, "detector.pt.part"))
                os.replace(os.path.join(arguments.work, "detector.pt.part"), os.path.join(arguments.work, "detector.pt"))


if __name__ == "__main__":
    main()
