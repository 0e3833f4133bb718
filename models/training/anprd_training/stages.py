"""The stages from an empty folder to finished models: what each runs, needs and leaves behind.

A stage's commands come in groups: the groups one after the other, the commands of a group side by side.
Everything a stage writes lies in the work folder, but for `install`, `figures` and `card`, which alone touch
models/ of the checkout, after the checks.
"""
import os
from dataclasses import dataclass

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODELS = os.path.join(ROOT, "models")


@dataclass(frozen=True)
class Budget:
    """How much of everything, counted and not timed: the same on any machine."""

    shards: int
    shard_size: int
    reader_samples: int
    detector_pictures: int
    corner_pictures: int  # of the detector's second leg
    pools: tuple  # how many of (hard, detector, none)
    pool_size: int
    tune_samples: int
    drawn: int  # drawn plates that the reader is measured on
    least_read: float  # share of the validation plates that must be read right, or nothing is installed


FULL = Budget(32, 8192, 500_000, 130_000, 120_000, (11, 5, 4), 8192, 1_200_000, 1000, 0.75)
QUICK = Budget(2, 768, 12_800, 5_000, 800, (1, 1, 1), 384, 3_200, 60, 0.0)


@dataclass(frozen=True)
class Run:
    """What one run was asked for; folders are absolute."""

    scenes: tuple
    work: str
    evals: tuple = ()
    glyphs: str = ""
    seed: int = 2026
    device: str = "auto"
    cores: int = 2
    quick: bool = False
    install: bool = True
    python: str = "/usr/bin/python3"
    node: str = "node"

    @property
    def budget(self):
        return QUICK if self.quick else FULL

    def at(self, *parts):
        return os.path.join(self.work, *parts)

    def folders(self):
        return [a for s in self.scenes for a in ("--scenes", s)]


@dataclass(frozen=True)
class Command:
    argv: tuple
    out: str = ""  # file that takes standard output, where that is the result
    right: tuple = (0,)  # exit codes that do not end the run


@dataclass(frozen=True)
class Stage:
    name: str
    does: str
    needs: tuple
    groups: callable  # Run -> [[Command]]
    leaves: callable  # Run -> [path]
    modules: tuple = ()  # of this package, whose source the result depends on
    wanted: callable = lambda run: ""  # why this run leaves it out; "" where it does not
    slots: callable = lambda run: 1  # cores it keeps busy
    always: bool = False  # never taken from an earlier run


def module(run, name, *args):
    return Command((run.python, "-m", f"anprd_training.{name}", *map(str, args)))


def device(run):
    return ("--device", run.device)


def shard_makers(run):
    return max(1, min(run.cores - 1, run.budget.shards))


def _shards(run):
    b, makers = run.budget, shard_makers(run)
    first = [k * b.shards // makers for k in range(makers + 1)]
    return [[module(run, "shards", *run.folders(), "--work", run.at("reader/shards"), "--first", lo, "--count", hi - lo,
                    "--size", b.shard_size, "--seed", run.seed) for lo, hi in zip(first, first[1:])]]


def _reader(run):
    b = run.budget
    return [[module(run, "train_reader", *run.folders(), "--work", run.at("reader"), "--samples", b.reader_samples,
                    "--shards", b.shards, "--seed", run.seed, *device(run))]]


def _detector(run):
    return [[module(run, "train_detector", *run.folders(), "--work", run.at("detector"), "--seed", run.seed + 1,
                    "--pictures", run.budget.detector_pictures, *device(run))]]


def _of_detector(run, folder, seed):
    """What a training leaves; the decoded scenes and drawn plates too, which it would otherwise take up again."""
    bank = f"plate_bank_{run.seed + seed}_3000.npz"
    return [run.at(folder, f) for f in ("detector.pt", "scenes.json", "scenes.u8", bank)]


def _crops(run, detector, work):
    return [[module(run, "detector_crops", *run.folders(), "--work", run.at(work), "--detector", run.at(detector, "detector.pt"))]]


def _corners(run):
    return [[module(run, "corners_from_text", *run.folders(), "--work", run.at("corner-detector"),
                    "--reader", run.at("reader/reader-best.pt"), "--seed", run.seed + 2)]]


def _corner_detector(run):
    return [[module(run, "train_detector", *run.folders(), "--work", run.at("corner-detector"), "--seed", run.seed + 3,
                    "--pictures", run.budget.corner_pictures, "--init", run.at("detector/detector.pt"), "--rate", 1e-3,
                    "--mix", "middle", "--corners", run.at("corner-detector/corners.json"), *device(run))]]


def _pools(run):
    b = run.budget

    def make(kind, count, *more):
        return module(run, "pools", "--work", run.at("tune"), "--kind", kind, "--count", count, "--size", b.pool_size,
                      "--seed", run.seed + 4, *more)

    hard, cut, none = b.pools
    return [[make("hard", hard)], [make("detector", cut, *run.folders())],
            [make("none", none, *run.folders(), "--reader", run.at("reader/reader-best.pt"))]]


def _tune(run):
    return [[module(run, "tune_reader", *run.folders(), "--work", run.at("tune"), "--shards", run.at("reader/shards"),
                    "--init", run.at("reader/reader-best.pt"), "--samples", run.budget.tune_samples, "--seed", run.seed + 5,
                    *device(run))]]


def _export(run):
    return [
        [module(run, "export_detector", "--work", run.at("corner-detector"), "--out", run.at("models/detector.onnx"))],
        [module(run, "export_reader", "--work", run.at("tune"), "--checkpoint", run.at("tune/reader-blend.pt"),
                "--out", run.at("models/reader.onnx"))],
        [module(run, "manifest", "--models", run.at("models"))],
    ]


def anprctl(run, *args, out):
    return Command((run.node, os.path.join(ROOT, "dist/src/cli/anprctl.js"), *args), out)


def bench(run, area):
    return Command((run.node, os.path.join(ROOT, "dist/scripts/src/bench.js"), area, "--json"), run.at("figures", f"bench-{area}.json"),
                   (0, 1))  # 1: a bar was missed, which the figures say as well


def calibrate(run, models, *more):
    # Models of a quick run hardly learnt anything: that they read nothing (3) does not end it.
    return Command((run.node, os.path.join(ROOT, "dist/scripts/src/calibrate/main.js"), "--pictures", run.at("validation"),
                    "--models", models, "--out", os.path.join(models, "manifest.json"), *more), right=(0, 3) if run.quick else (0,))


def confusions(run, models):
    vehicles = ("--vehicles", "300") if run.quick else ()
    return Command((run.node, os.path.join(ROOT, "dist/scripts/src/calibrate/confusions.js"), "--models", models,
                    "--out", os.path.join(models, "manifest.json"), *vehicles), right=(0, 3) if run.quick else (0,))


def _calibration(run):
    return [
        [module(run, "validation_folder", *run.folders(), "--out", run.at("validation"))],
        [calibrate(run, run.at("models"))],
        [confusions(run, run.at("models"))],
    ]


def _evaluation(run):
    evals = [a for e in run.evals for a in ("--eval", e)]
    folders = [run.at("validation"), *run.evals]
    return [
        [module(run, "eval_reader", *run.folders(), *evals, "--work", run.at("tune"), "--checkpoint", run.at("tune/reader-blend.pt"),
                "--drawn", run.budget.drawn, "--json", run.at("figures/reader.json"))],
        [module(run, "eval_detector", *run.folders(), *evals, "--work", run.at("corner-detector"), "--json", run.at("figures/detector.json"))],
        *[[anprctl(run, "rates", f, "--models", run.at("models"), "--json", out=run.at("figures", f"rates-{os.path.basename(f)}.json"))]
          for f in folders],
    ]


def _install(run):
    into = () if run.quick or not run.install else ("--into", MODELS)
    return [[module(run, "install", "--staged", run.at("models"), "--figures", run.at("figures"), "--least-read", run.budget.least_read, *into)]]


def _figures(run):
    # Fitted again, to the same numbers, for the diagram that goes with the installed models.
    reliability = [[calibrate(run, MODELS, *(a for e in run.evals for a in ("--eval", e)))]] if run.evals else []
    return [[bench(run, area)] for area in ("reading", "fusion", "doubt")] + reliability


def _card(run):
    models = run.at("models") if run.quick or not run.install else MODELS
    return [
        [module(run, "manifest", "--models", models, "--figures", run.at("figures"))],
        [module(run, "model_card", "--card", os.path.join(MODELS, "MODEL_CARD.md"), "--manifest", os.path.join(models, "manifest.json"),
                *(("--out", run.at("models/MODEL_CARD.md")) if models != MODELS else ()))],
    ]


def _not_installed(run):
    if run.quick:
        return "a quick run's models are not installed, and the benches measure the installed ones"
    return "" if run.install else "--no-install was given, and the benches measure the installed models"


STAGES = (
    Stage("face", "draw the UK face from its measures", (),
          lambda r: [[module(r, "face", "--out", r.at("models/uk-face.json"))]], lambda r: [r.at("models/uk-face.json")], ("face",)),
    Stage("glyphs", "check the face against real characters", ("face",),
          lambda r: [[module(r, "glyph_check", "--sheets", r.glyphs, "--json", r.at("figures/glyphs.json"), "--overlay", r.at("glyphs.png"))]],
          lambda r: [r.at("figures/glyphs.json")], ("glyph_check",), lambda r: "" if r.glyphs else "no --glyphs folder was given"),
    Stage("shards", "make the reader's crops", ("face",), _shards,
          lambda r: [r.at("reader/shards", f"shard-{k:04d}.npy") for k in range(r.budget.shards)], ("shards",), slots=shard_makers),
    Stage("detector", "train the detector on composites", ("face",), _detector, lambda r: _of_detector(r, "detector", 1),
          ("train_detector",)),
    Stage("reader", "train the reader on the crops", ("shards",), _reader, lambda r: [r.at("reader/reader-best.pt")], ("train_reader",)),
    Stage("crops", "find the plates of the scenes", ("detector",), lambda r: _crops(r, "detector", "corner-detector"),
          lambda r: [r.at("corner-detector/answers.json")], ("detector_crops",)),
    Stage("corners", "learn the plates' corners from their texts", ("crops", "reader"), _corners,
          lambda r: [r.at("corner-detector/corners.json")], ("corners_from_text",)),
    Stage("corner-detector", "train the detector on with those corners", ("corners",), _corner_detector,
          lambda r: [*_of_detector(r, "corner-detector", 3), r.at("corner-detector/hard.json")], ("train_detector",)),
    Stage("final-crops", "cut the plates as the final detector does", ("corner-detector",),
          lambda r: _crops(r, "corner-detector", "tune"), lambda r: [r.at("tune/answers.json")], ("detector_crops",)),
    Stage("pools", "make crops for the fine-tuning", ("final-crops", "reader"), _pools,
          lambda r: [r.at("tune", f"{kind}-0000.npy") for kind in ("hard", "detector", "none")], ("pools",)),
    Stage("tune", "fine-tune the reader on the detector's crops", ("pools",), _tune, lambda r: [r.at("tune/reader-blend.pt")],
          ("tune_reader",)),
    Stage("export", "write both models as ONNX, and the manifest", ("tune", "corner-detector"), _export,
          lambda r: [r.at("models", f) for f in ("detector.onnx", "reader.onnx", "manifest.json")],
          ("export_detector", "export_reader", "manifest")),
    Stage("calibration", "fit the reads' probability on the validation pictures, count how drawn plates are misread", ("export",), _calibration,
          lambda r: [r.at("validation/labels.jsonl")], ("validation_folder",)),
    Stage("evaluation", "measure models and device on validation and --eval folders", ("calibration",), _evaluation,
          lambda r: [r.at("figures", f) for f in ("reader.json", "detector.json", "rates-validation.json")],
          ("eval_reader", "eval_detector")),
    Stage("install", "check everything and replace models/ of the checkout", ("evaluation", "glyphs"), _install, lambda r: [],
          ("install",), always=True),
    Stage("figures", "measure the curves of drawn plates, passages and lists with the installed models", ("install",), _figures,
          lambda r: [r.at("figures", f"bench-{area}.json") for area in ("reading", "fusion", "doubt")], wanted=_not_installed, always=True),
    Stage("card", "write the figures into manifest and model card", ("figures",), _card, lambda r: [], ("manifest", "model_card"), always=True),
)
