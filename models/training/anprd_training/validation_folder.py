"""A folder of the validation pictures alone, for whatever measures whole pictures (anprctl rates, the calibration).

    python3 -m anprd_training.validation_folder --scenes DIR [--scenes DIR ...] --out DIR

A picture is in it when one of its plates has a text of the validation split. Pictures are linked, not
copied. Texts of the other split are left out of its labels, and plates that nobody labelled are added
as plates without a text, so that they count neither as misses nor as false reads.
"""
import argparse
import json
import os

from . import scene_store, scenes


def rows_of(folder, unlabelled):
    """The label rows of one folder's validation pictures, their files named from the folder's own name."""
    name = os.path.basename(os.path.normpath(folder))
    for scene in scenes.load_scenes(folder):
        chosen = [scenes.usable(p) and scenes.is_validation(p.text) for p in scene.plates]
        if not any(chosen):
            continue
        file = os.path.join(name, os.path.relpath(scene.path, folder))
        plates = [{"box": list(p.box)} | ({"text": p.text.upper(), "lines": p.lines} if own else {})
                  for p, own in zip(scene.plates, chosen)]
        plates += [{"box": list(box)} for box in unlabelled.get(file, [])]
        yield {"file": file, "plates": plates}


def main():
    parser = argparse.ArgumentParser(description="gather the validation pictures in one folder of links")
    parser.add_argument("--scenes", action="append", required=True, help="folder with labels.jsonl (repeatable)")
    parser.add_argument("--out", required=True, help="folder to make")
    args = parser.parse_args()
    with open(scene_store.UNLABELLED, encoding="utf-8") as source:
        unlabelled = json.load(source)
    os.makedirs(args.out, exist_ok=True)
    count = 0
    with open(os.path.join(args.out, "labels.jsonl"), "w", encoding="utf-8") as out:
        for folder in args.scenes:
            link = os.path.join(args.out, os.path.basename(os.path.normpath(folder)))
            if not os.path.islink(link):
                os.symlink(os.path.realpath(folder), link)
            for row in rows_of(folder, unlabelled):
                out.write(json.dumps(row) + "\n")
                count += 1
    print(f"{args.out}: {count} pictures")


if __name__ == "__main__":
    main()
