"""Writes models/manifest.json for the ONNX files that lie beside it.

    python3 -m anprd_training.manifest --models DIR [--figures DIR] [--measured KEY=FILE ...]

What the daemon must know of a file (hash, size, how it is used) is written anew; what others wrote
(threshold, figures) stays, and the calibration and the confusions while both files are those that they were
fitted to.  --figures takes what the evaluation left in its folder:

    reader.json, detector.json   eval_reader and eval_detector, by set of pictures
    rates-SET.json               anprctl rates --json: the device's own path
    bench-AREA.json              scripts/bench AREA --json
    glyphs.json                  glyph_check

and --measured one file of figures under a key of its own.
"""
import argparse
import glob
import hashlib
import json
import os

DETECTOR = {
    "input": {"name": "image", "type": "uint8", "channels": 1, "sizeMultiple": 32, "widthPx": 512},
    "outputs": ["heat", "corners"],
    "stride": 8,
    "threshold": 0.4,
}
READER = {
    "input": {"name": "crops", "type": "uint8", "heightPx": 48, "widthPx": 160},
    "output": "logits",
    "charset": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "rows": 2,
    "steps": 80,
    "cropMargin": {"x": 0.06, "y": 0.15},
    "maxSubsamples": 4,
}
TRAINED_ON = [
    {"name": "RobertLucian/license-plate-dataset (train split)", "licence": "MIT"},
    {"name": "faisalthaheem/open-lpr-dataset-plate-detection (without the UK pictures of the evaluation)", "licence": "Apache-2.0"},
    {"name": "plates drawn by models/training", "licence": "Apache-2.0"},
]
RATES = ("pictures", "plates", "platesWithText", "captured", "readRight", "wrongReads", "falseReads", "picturesWithFalseRead", "intervals")


def entry(path, contract):
    """What the manifest says of one model file."""
    with open(path, "rb") as f:
        data = f.read()
    return {"file": os.path.basename(path), "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **contract}


def steps_of(path):
    """CTC steps of a reader, read off its graph."""
    import onnx  # here, since all else does without it

    shape = onnx.load(path).graph.output[0].type.tensor_type.shape.dim
    return shape[2].dim_value


def read_json(path):
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def figures_of(folder):
    """The figures of an evaluation's folder, by key of "measured". Marks that were read wrong are left out."""
    out = {}
    for key in ("reader", "detector"):
        path = os.path.join(folder, key + ".json")
        if os.path.exists(path):
            out[key] = read_json(path)
    whole = {}
    for path in sorted(glob.glob(os.path.join(folder, "rates-*.json"))):
        rates = read_json(path)
        whole[os.path.basename(path)[len("rates-"):-len(".json")]] = {k: rates[k] for k in RATES if k in rates}
    benches = {}
    for path in sorted(glob.glob(os.path.join(folder, "bench-*.json"))):
        report = read_json(path)
        benches[report["area"]] = report["figures"]
    glyphs = os.path.join(folder, "glyphs.json")
    if os.path.exists(glyphs):
        out["glyphs"] = read_json(glyphs)
    return out | ({"wholeWay": whole} if whole else {}) | ({"bench": benches} if benches else {})


def merged(old, new):
    """`old` with the members of `new`; figures by set and by area are merged one level down."""
    out = dict(old)
    for key, value in new.items():
        out[key] = {**old.get(key, {}), **value} if key in ("wholeWay", "bench") else value
    return out


def manifest_of(folder, old, figures):
    """The manifest of a models folder as plain data."""
    out = {}
    for key, contract in (("detector", DETECTOR), ("reader", READER)):
        path = os.path.join(folder, key + ".onnx")
        if os.path.exists(path):
            out[key] = entry(path, contract)
    if "threshold" in old.get("detector", {}) and "detector" in out:
        out["detector"]["threshold"] = old["detector"]["threshold"]  # set by hand
    if "reader" in out:
        out["reader"]["steps"] = steps_of(os.path.join(folder, "reader.onnx"))
    others = {k: v for k, v in old.items() if k not in ("detector", "reader", "licence", "trainedOn", "measured")}
    if any(old.get(key, {}).get("sha256") != out.get(key, {}).get("sha256") for key in ("detector", "reader")):
        others.pop("calibration", None)
        others.pop("confusions", None)
    return {**out, "licence": "Apache-2.0", "trainedOn": TRAINED_ON, **others, "measured": merged(old.get("measured", {}), figures)}


def main():
    parser = argparse.ArgumentParser(description="write the manifest of the models")
    parser.add_argument("--models", required=True, help="folder of the ONNX files")
    parser.add_argument("--figures", help="folder that the evaluation wrote")
    parser.add_argument("--measured", action="append", default=[], metavar="KEY=FILE", help="figures under a key of their own")
    args = parser.parse_args()
    path = os.path.join(args.models, "manifest.json")
    old = read_json(path) if os.path.exists(path) else {}
    figures = figures_of(args.figures) if args.figures else {}
    for item in args.measured:
        key, _, file = item.partition("=")
        figures[key] = read_json(file)
    manifest = manifest_of(args.models, old, figures)
    with open(path + ".part", "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2)
        f.write("\n")
    os.replace(path + ".part", path)
    print(f"{path}: {', '.join(k for k in ('detector', 'reader') if k in manifest) or 'no models'}")


if __name__ == "__main__":
    main()
