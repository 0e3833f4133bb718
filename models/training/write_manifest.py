"""Write models/manifest.json for whatever ONNX files exist.

    python3 models/training/write_manifest.py [--models models] [--measured rates.json ...]

Rates of earlier runs are kept unless --measured brings new ones: each file is one JSON object
whose members are added to "measured" ({"reader": {...}} or the output of eval_reader.py --json).
"""
import argparse
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
    "steps": 40,
    "cropMargin": {"x": 0.06, "y": 0.15},
    "maxSubsamples": 4,
}
TRAINED_ON = [
    {"name": "RobertLucian/license-plate-dataset (train split)", "licence": "MIT"},
    {"name": "faisalthaheem/open-lpr-dataset-plate-detection (without the UK pictures of the evaluation)", "licence": "Apache-2.0"},
    {"name": "plates drawn by models/training", "licence": "Apache-2.0"},
]


def entry(folder, file, contract):
    path = os.path.join(folder, file)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as f:
        data = f.read()
    return {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **contract}


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="write the manifest of the models")
    parser.add_argument("--models", default=os.path.dirname(here))
    parser.add_argument("--measured", action="append", default=[], help="KEY=FILE or FILE with rates (repeatable)")
    args = parser.parse_args()
    path = os.path.join(args.models, "manifest.json")
    old = {}
    if os.path.exists(path):
        with open(path) as f:
            old = json.load(f)
    measured = old.get("measured", {})
    for item in args.measured:
        key, _, file = item.rpartition("=")
        with open(file) as f:
            rates = json.load(f)
        measured.update({key: rates} if key else rates)
    detector = dict(DETECTOR)
    if "threshold" in old.get("detector", {}):
        detector["threshold"] = old["detector"]["threshold"]  # tuned by hand: keep
    manifest = {}
    for key, file, contract in (("detector", "detector.onnx", detector), ("reader", "reader.onnx", READER)):
        found = entry(args.models, file, contract)
        if found:
            manifest[key] = found
    manifest.update({"licence": "Apache-2.0", "trainedOn": TRAINED_ON, "measured": measured})
    with open(path + ".part", "w") as f:
        json.dump(manifest, f, indent=2)
        f.write("\n")
    os.replace(path + ".part", path)
    print(f"{path}: {', '.join(k for k in ('detector', 'reader') if k in manifest) or 'no models'}")


if __name__ == "__main__":
    main()
