"""What a training run needs before it starts, asked for by name; and the few pictures of a quick run."""
import dataclasses
import importlib.util
import json
import os
import shutil

from . import stages

PACKAGES = {  # module: Debian package
    "numpy": "python3-numpy", "cv2": "python3-opencv", "PIL": "python3-pil", "torch": "python3-torch", "onnx": "python3-onnx",
}
BUILT = ("dist/src/cli/anprctl.js", "dist/scripts/src/bench.js", "dist/scripts/src/calibrate/main.js")
QUICK_PICTURES = 90  # of each folder


class Unready(Exception):
    """Something is missing; the message names it and says what to do."""


def missing_packages():
    return [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]


def read_labels(folder):
    """The rows of a labels file, each with the picture that it names. Raises Unready where one is wrong."""
    path = os.path.join(folder, "labels.jsonl")
    if not os.path.isdir(folder):
        raise Unready(f"there is no folder {folder}; give --scenes and --eval folders with a labels.jsonl and pictures")
    if not os.path.exists(path):
        raise Unready(f"{path} is missing; expected one JSON object a picture: "
                      '{"file", "plates": [{"box": [x, y, w, h], "text"?}]}')
    rows = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                picture, plates = os.path.join(folder, row["file"]), row["plates"]
                boxes = [plate["box"] for plate in plates if "box" in plate]
            except (ValueError, KeyError, TypeError) as cause:
                raise Unready(f'{path} line {number}: {cause!r}; expected {{"file", "plates": [{{"box", "text"?}}]}}') from cause
            if any(len(box) != 4 for box in boxes):
                raise Unready(f"{path} line {number}: a box has four numbers, x, y, width and height in pixels")
            if not os.path.exists(picture):
                raise Unready(f"{path} line {number}: there is no picture {picture}")
            rows.append(row)
    if not rows:
        raise Unready(f"{path} names no picture")
    return rows


def check(run):
    """Raises Unready with the first thing that is missing."""
    lacking = missing_packages()
    if lacking:
        raise Unready(f"Python at {run.python} lacks packages; install them: apt-get install --no-install-recommends {' '.join(lacking)}")
    for folder in (*run.scenes, *run.evals):
        read_labels(folder)
    if run.glyphs and not os.path.exists(os.path.join(run.glyphs, "index.json")):
        raise Unready(f"{run.glyphs}/index.json is missing; --glyphs is a folder with one sheet a character, or leave it out")


def check_programs(run, todo):
    """Raises Unready where a stage needs a program of the device that is not built."""
    if not any(c.argv[0] == run.node for s in stages.STAGES if s.name in todo for group in s.groups(run) for c in group):
        return
    if shutil.which(run.node) is None:
        raise Unready(f"there is no program {run.node}; run scripts/setup and give --node where Node is not on the PATH")
    for file in BUILT:
        if not os.path.exists(os.path.join(stages.ROOT, file)):
            raise Unready(f"{file} is missing; run scripts/setup first: calibration and evaluation are programs of the device")


def sampled(run):
    """The same run on some pictures of each folder: folders of links in the work folder, with the old names.

    Evenly spread, so that both splits are among them, which go by text and by runs of files."""
    small = []
    for folder in (*run.scenes, *run.evals):
        rows = read_labels(folder)
        step = max(1, len(rows) // QUICK_PICTURES)
        target = run.at("pictures", os.path.basename(folder))
        os.makedirs(target, exist_ok=True)
        chosen = rows[::step][:QUICK_PICTURES]
        for row in chosen:
            link = os.path.join(target, row["file"])
            os.makedirs(os.path.dirname(link), exist_ok=True)
            if not os.path.islink(link):
                os.symlink(os.path.join(folder, row["file"]), link)
        with open(os.path.join(target, "labels.jsonl"), "w", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in chosen)
        small.append(target)
    return dataclasses.replace(run, scenes=tuple(small[:len(run.scenes)]), evals=tuple(small[len(run.scenes):]))
