"""Puts measured figures into the model card: rewrites its marked blocks, and nothing else.

    python3 -m anprd_training.model_card --card models/MODEL_CARD.md --manifest models/manifest.json [--out FILE]

A block stands between `<!-- measured: NAME -->` and `<!-- /measured -->`; NAME is one of BLOCKS, or
`bench AREA` for the figures of scripts/bench AREA.  Where the manifest has no figures for a block, the
block stays as it is and is named; an unknown name is an error.
"""
import argparse
import re
import sys

from . import manifest

BLOCK = re.compile(r"<!-- measured: (?P<name>[^>]+?) -->\n.*?<!-- /measured -->", re.DOTALL)


def percent(share):
    return f"{100 * share:.1f} %"


def table(head, rows):
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows))


def models(data):
    rows = [[f"`{m['file']}`", f"{m['bytes'] / 1e6:.2f} MB", f"`{m['sha256'][:16]}`"] for m in (data["detector"], data["reader"])]
    return table(["File", "Size", "sha256 begins"], rows)


def whole_way(data):
    rows = []
    for name, r in data["measured"]["wholeWay"].items():
        sure = r["intervals"]["readRight"]
        rows.append([name, r["pictures"], f"{percent(r['captured'] / max(1, r['plates']))} of {r['plates']}",
                     f"**{percent(r['readRight'] / max(1, r['platesWithText']))}** of {r['platesWithText']} ({percent(sure['low'])} to {percent(sure['high'])})",
                     r["wrongReads"], f"{r['falseReads'] / max(1, r['pictures']):.3f}"])
    return table(["Pictures", "n", "captured", "read right (95 %)", "read wrong", "false reads a picture"], rows)


def reader(data):
    rows = [[name, r["n"], percent(r["exact"]), percent(r["folded"]), percent(r["ukForm"]) if "ukForm" in r else ""]
            for name, r in data["measured"]["reader"].items()]
    return table(["Crops", "n", "exact", "folded", "folded, UK form"], rows)


def detector(data):
    sets = data["measured"]["detector"]["sets"]
    thresholds = sorted({t for r in sets.values() for t in r["thresholds"]})
    rows = []
    for name, r in sets.items():
        row = [name, r["pictures"], r["plates"]]
        for t in thresholds:
            m = r["thresholds"][t]
            row.append(f"{percent(m['recall'])} ({percent(m['recallIou03'])}), {m['falsePerImage']:.2f}")
        rows.append(row)
    return table(["Pictures", "n", "plates", *(f"threshold {t}" for t in thresholds)], rows)


def drawn_detector(data):
    rows = [[band, n, percent(recall), "" if error is None else f"{error:.1f} %"]
            for band, (n, recall, error) in data["measured"]["detector"]["drawn"].items()]
    return table(["Plate width, px", "n", "found at IoU 0.5", "mean corner error, of the width"], rows)


def glyphs(data):
    measured = data["measured"]["glyphs"]
    rows = [[c, r["n"], f"{r['iou']:.2f}", f"{r['gapMm']:.1f} mm", percent(r["nearest"]), r["rival"]] for c, r in measured["glyphs"].items()]
    head = table(["Glyph", "real characters", "IoU", "outlines apart", "nearest to it", "others mostly taken for"], rows)
    return f"{percent(measured['nearest'])} of the real characters are nearest to their own glyph.\n\n{head}"


def bench(data, area):
    rows = [[name, f"{f['value']} {f['unit']}", f.get("bar") or "", "" if f.get("ok", True) else "missed"]
            for name, f in data["measured"]["bench"][area].items()]
    return table(["Figure", "Value", "Bar", ""], rows)


BLOCKS = {"models": models, "whole way": whole_way, "reader": reader, "detector": detector, "drawn detector": drawn_detector, "glyphs": glyphs}


def filled(card, data):
    """(the card with its blocks filled, names of the blocks that there are no figures for).

    Raises ValueError for a block whose name is not known."""
    without = []

    def fill(found):
        name = found["name"]
        area = name.removeprefix("bench ")
        if name not in BLOCKS and area == name:
            raise ValueError(f"the card has a block {name!r}; expected one of {', '.join(BLOCKS)} or bench AREA")
        try:
            text = bench(data, area) if name not in BLOCKS else BLOCKS[name](data)
        except KeyError:
            without.append(name)
            return found[0]
        return f"<!-- measured: {name} -->\n{text}\n<!-- /measured -->"

    return BLOCK.sub(fill, card), without


def main():
    parser = argparse.ArgumentParser(description="put the measured figures into the model card")
    parser.add_argument("--card", required=True)
    parser.add_argument("--manifest", required=True)
    parser.add_argument("--out", help="default: the card itself")
    args = parser.parse_args()
    with open(args.card, encoding="utf-8") as source:
        card = source.read()
    try:
        text, without = filled(card, manifest.read_json(args.manifest))
    except ValueError as wrong:
        sys.exit(str(wrong))
    with open(args.out or args.card, "w", encoding="utf-8") as out:
        out.write(text)
    print(f"{args.out or args.card}: {len(BLOCK.findall(text))} blocks" + (f"; no figures yet for {', '.join(without)}" if without else ""))


if __name__ == "__main__":
    main()
