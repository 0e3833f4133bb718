"""The last check of freshly trained models; only models that pass replace those of the checkout.

    python3 -m anprd_training.install --staged DIR --figures DIR [--least-read 0.75] [--into models]

Without --into nothing is replaced.  What is asked here only says that the training went well; the rates
that the product needs are gated by test/rates.
"""
import argparse
import hashlib
import os
import shutil
import sys

from . import manifest

FILES = ("uk-face.json", "detector.onnx", "reader.onnx", "manifest.json")
MOST_BYTES = 4_000_000  # both models together


def faults(staged, figures, least_read):
    """What speaks against these models, in words; empty where nothing does."""
    missing = [f for f in FILES if not os.path.exists(os.path.join(staged, f))]
    if missing:
        return [f"{staged} has no {', '.join(missing)}"]
    out, total = [], 0
    written = manifest.read_json(os.path.join(staged, "manifest.json"))
    for key in ("detector", "reader"):
        with open(os.path.join(staged, key + ".onnx"), "rb") as f:
            data = f.read()
        total += len(data)
        if hashlib.sha256(data).hexdigest() != written[key]["sha256"]:
            out.append(f"{key}.onnx is not the file that the manifest describes; run the stage export again")
    if total > MOST_BYTES:
        out.append(f"the models have {total} bytes together; expected at most {MOST_BYTES}")
    rates = manifest.read_json(os.path.join(figures, "rates-validation.json"))
    share = rates["readRight"] / max(1, rates["platesWithText"])
    if share < least_read:
        out.append(f"{share:.3f} of the validation plates were read right; expected at least {least_read}")
    return out


def replace(staged, into):
    """Copies the files beside those that they replace first, then renames: a half-copied model is never there."""
    for file in FILES:
        shutil.copyfile(os.path.join(staged, file), os.path.join(into, file + ".part"))
    for file in FILES:
        os.replace(os.path.join(into, file + ".part"), os.path.join(into, file))


def main():
    parser = argparse.ArgumentParser(description="check freshly trained models and install them")
    parser.add_argument("--staged", required=True, help="folder of the fresh models")
    parser.add_argument("--figures", required=True, help="folder that the evaluation wrote")
    parser.add_argument("--least-read", type=float, default=0.75, help="share of the validation plates to be read right")
    parser.add_argument("--into", help="folder whose models are replaced")
    args = parser.parse_args()
    wrong = faults(args.staged, args.figures, args.least_read)
    if wrong:
        sys.exit("not installed: " + "; ".join(wrong))
    if args.into:
        replace(args.staged, args.into)
    print(f"checked; {'installed into ' + args.into if args.into else 'nothing replaced'}")


if __name__ == "__main__":
    main()
