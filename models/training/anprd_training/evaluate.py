"""Decoding and rates of the reader on crops."""
import math

import numpy as np
import torch

from . import degrade, plates, scenes
from .reader_net import BLANK, CHARSET, greedy


def logits_of(model, crops, batch=128):
    """Logits [N,2,80,37], on the CPU, of crops uint8 [N,48,160]; the model runs where it lies."""
    model.eval()
    on = next(model.parameters()).device
    with torch.no_grad():
        return torch.cat([
            model(torch.from_numpy(crops[i:i + batch]).to(on).float()[:, None]).cpu() for i in range(0, len(crops), batch)
        ])


def read_texts(model, crops):
    """Greedy texts (upper and lower line joined) of crops uint8 [N,48,160]."""
    return [a + b for a, b in greedy(logits_of(model, crops))]


def rates(read, truth):
    """Shares of texts right: exactly, with O=0 and I=1, and the mean character error rate (folded)."""
    exact = np.mean([r == t for r, t in zip(read, truth)])
    folded = np.mean([scenes.fold(r) == scenes.fold(t) for r, t in zip(read, truth)])
    errors = sum(edit_distance(scenes.fold(r), scenes.fold(t)) for r, t in zip(read, truth))
    return {"exact": float(exact), "folded": float(folded), "cer": errors / max(1, sum(map(len, truth))), "n": len(truth)}


def edit_distance(a, b):
    row = list(range(len(b) + 1))
    for i, ca in enumerate(a):
        last, row[0] = row[0], i + 1
        for j, cb in enumerate(b):
            last, row[j + 1] = row[j + 1], min(row[j] + 1, row[j + 1] + 1, last + (ca != cb))
    return row[-1]


def beam(logits, width=12, keep=8):
    """CTC prefix beam search of one row [80,37] of logits: [(text, log probability)], best first."""
    z = np.asarray(logits, np.float64)
    z = z - z.max(1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    beams = {"": (0.0, -math.inf)}  # text -> (log p ending in blank, log p ending in its last character)
    for step in logp:
        best = np.argsort(step)[::-1][:keep]
        nxt = {}

        def add(text, blank, char):
            b, c = nxt.get(text, (-math.inf, -math.inf))
            nxt[text] = (np.logaddexp(b, blank), np.logaddexp(c, char))

        for text, (pb, pc) in beams.items():
            total = np.logaddexp(pb, pc)
            add(text, total + step[BLANK], -math.inf)
            if text:
                add(text, -math.inf, pc + step[CHARSET.index(text[-1])])
            for k in best:
                if k != BLANK:
                    char = CHARSET[k]
                    add(text + char, -math.inf, (pb if text.endswith(char) else total) + step[k])
        beams = dict(sorted(nxt.items(), key=lambda kv: -np.logaddexp(*kv[1]))[:width])
    return [(t, float(np.logaddexp(*p))) for t, p in beams.items()]


def real_set(folders, validation=True, seed=77, copies=2):
    """(crops, texts, sources) of real plates: each once plain and then with a detector's jitter."""
    rng = np.random.default_rng(seed)
    crops, texts, sources = [], [], []
    for plate in scenes.load_real_plates(folders, validation):
        for k in range(copies):
            crops.append(scenes.plain_crop(plate, rng if k else None))
            texts.append(plate.text)
            sources.append(plate.source)
    return np.stack(crops), texts, sources


def drawn_set(count=1500, seed=99, uk_share=1.0):
    """(crops, texts) of drawn plates that no training shard holds."""
    rng = np.random.default_rng([seed, 1])
    crops, texts = [], []
    for _ in range(count):
        plate = plates.draw_plate(rng, uk_share)
        crops.append(degrade.plate_crop(rng, plate))
        texts.append(plate.text)
    return np.stack(crops), texts
