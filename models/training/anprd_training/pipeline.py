"""Builds the models from nothing, stage by stage; models/training/train is its command.

A stage has a stamp with a hash of what it is made from: its commands and budgets, the source of its modules,
the labels it reads, and the hashes of the stages that it needs. While the hash of a finished stage is the same and
its files are there, it is not run again; so a run that was interrupted goes on where it stopped. Files that
were made from anything else are removed before the stage begins: nothing stale is ever taken up.
"""
import argparse
import ast
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

from . import preflight, stages

PACKAGE = os.path.dirname(os.path.abspath(__file__))
POLL_S = 0.5
TAIL_LINES = 15


class Failed(Exception):
    """A stage ended with an error; the message says where to look."""


def sources(modules):
    """The files of modules of this package and of all that they import from it."""
    found, todo = set(), list(modules)
    while todo:
        path = os.path.join(PACKAGE, todo.pop() + ".py")
        if path in found or not os.path.exists(path):
            continue
        found.add(path)
        with open(path, encoding="utf-8") as source:
            for node in ast.walk(ast.parse(source.read())):
                if isinstance(node, ast.ImportFrom) and node.level == 1:
                    todo += [node.module] if node.module else [name.name for name in node.names]
    return sorted(found)


def digest_of(path):
    with open(path, "rb") as source:
        return hashlib.sha256(source.read()).hexdigest()


def keys(run):
    """{stage: hash of all it is made from}."""
    labels = [digest_of(os.path.join(f, "labels.jsonl")) for f in (*run.scenes, *run.evals)]
    out = {}
    for stage in stages.STAGES:
        commands = [] if stage.wanted(run) else [c.argv[1:] for group in stage.groups(run) for c in group]
        made_from = [commands, labels, [digest_of(p) for p in sources(stage.modules)], [out[n] for n in stage.needs]]
        out[stage.name] = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    return out


class Stamps:
    """Which stages finished in a work folder, from what, and in how many seconds."""

    def __init__(self, work):
        self.folder = os.path.join(work, "stamps")
        os.makedirs(self.folder, exist_ok=True)

    def path(self, name):
        return os.path.join(self.folder, name + ".json")

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as source:
                return json.load(source)
        except FileNotFoundError:
            return {}

    def write(self, name, key, seconds=None):
        """Without the seconds: begun, not finished."""
        with open(self.path(name) + ".part", "w", encoding="utf-8") as out:
            json.dump({"key": key, "seconds": seconds and round(seconds, 1)}, out)
        os.replace(self.path(name) + ".part", self.path(name))

    def is_done(self, name, key):
        stamp = self.read(name)
        return stamp.get("key") == key and stamp["seconds"] is not None

    def begin(self, stage, run, key):
        """Stamps it as begun; what an interrupted attempt at the very same left (shards) may be gone on with."""
        before = self.read(stage.name)
        if before.get("key") != key or before["seconds"] is not None:
            for path in stage.leaves(run):
                if os.path.exists(path):
                    os.remove(path)
        self.write(stage.name, key)


def are_there(paths):
    return all(os.path.exists(p) for p in paths)


def plan(run, stamps, start="", until="", only=""):
    """(names to run, {name: why it is left out}).

    --only runs one stage; --from that stage and all after it. What lies before is then taken as it is, whatever it
    was made from, and has to be there. --until leaves out what comes later."""
    names = [s.name for s in stages.STAGES]
    for asked in (start, until, only):
        if asked and asked not in names:
            raise Failed(f"there is no stage {asked!r}; the stages are {', '.join(names)}")
    todo, left_out, made_from = [], {}, keys(run)
    for stage in stages.STAGES:
        reason = stage.wanted(run)
        at = names.index(stage.name)
        outside = (only and stage.name != only) or (start and at < names.index(start)) or (until and at > names.index(until))
        if reason:
            left_out[stage.name] = reason
        elif outside:
            left_out[stage.name] = "not asked for"
        elif only or start or stage.always or any(n in todo for n in stage.needs):
            todo.append(stage.name)
        elif stamps.is_done(stage.name, made_from[stage.name]) and are_there(stage.leaves(run)):
            left_out[stage.name] = f"done before, in {spell(stamps.read(stage.name)['seconds'])}"
        else:
            todo.append(stage.name)
    for stage in stages.STAGES:
        if stage.name in todo:
            for need in stage.needs:
                other = next(s for s in stages.STAGES if s.name == need)
                missing = [p for p in other.leaves(run) if not os.path.exists(p)]
                if need not in todo and missing and not other.wanted(run):
                    raise Failed(f"{stage.name} needs {missing[0]}, which stage {need} makes; run without --only, or --from {need}")
    return todo, left_out


def spell(seconds):
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def say(line):
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


class Running:
    """One stage under way: its groups of commands one after the other, output in a log file."""

    def __init__(self, stage, run):
        self.stage, self.run, self.began = stage, run, time.monotonic()
        self.log_path = run.at("logs", stage.name + ".log")
        self.log = open(self.log_path, "w", encoding="utf-8")
        self.todo, self.processes, self.out_files = stage.groups(run), [], []
        self.next_group()

    def next_group(self):
        self.processes = []
        environment = dict(os.environ, PYTHONPATH=os.path.dirname(PACKAGE), PYTHONUNBUFFERED="1", OMP_NUM_THREADS="1",
                           OPENBLAS_NUM_THREADS="1", OPENCV4NODEJS_DISABLE_AUTOBUILD="1")
        for command in self.todo.pop(0):
            self.log.write(f"$ {' '.join(command.argv)}\n")
            self.log.flush()
            out = open(command.out + ".part", "wb") if command.out else self.log
            self.processes.append((subprocess.Popen(command.argv, cwd=stages.ROOT, env=environment, stdin=subprocess.DEVNULL,
                                                    stdout=out, stderr=self.log), command))
            if command.out:
                out.close()

    def finished(self):
        """Whether all is done; raises Failed when a command failed."""
        if any(p.poll() is None for p, _ in self.processes):
            return False
        for process, command in self.processes:
            if process.returncode not in command.right:
                raise Failed(f"{self.stage.name} failed (exit {process.returncode}); the last lines of {self.log_path}:\n" + self.tail())
            if command.out:
                os.replace(command.out + ".part", command.out)
        if self.todo:
            self.next_group()
            return False
        return True

    def tail(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as source:
            return "".join(source.readlines()[-TAIL_LINES:])

    def stop(self):
        """Ends what still runs of it, and its log."""
        for process, _ in self.processes:
            if process.poll() is None:
                process.terminate()
                process.wait()
        self.log.close()


def execute(run, todo, stamps):
    """Runs the stages, those that do not need one another side by side as far as the cores go."""
    by_name, made_from = {s.name: s for s in stages.STAGES}, keys(run)
    waiting, running = list(todo), []
    try:
        while waiting or running:
            for name in list(waiting):
                stage = by_name[name]
                free = run.cores - sum(r.stage.slots(run) for r in running)
                blocked = any(n in waiting or any(r.stage.name == n for r in running) for n in stage.needs)
                if not blocked and (not running or stage.slots(run) <= free):
                    waiting.remove(name)
                    stamps.begin(stage, run, made_from[name])
                    say(f"{name}: {stage.does}")
                    running.append(Running(stage, run))
            for one in list(running):
                if one.finished():
                    running.remove(one)
                    one.stop()
                    took = time.monotonic() - one.began
                    missing = [p for p in one.stage.leaves(run) if not os.path.exists(p)]
                    if missing:
                        raise Failed(f"{one.stage.name} ended without an error but left no {missing[0]}; see {one.log_path}")
                    stamps.write(one.stage.name, made_from[one.stage.name], took)
                    say(f"{one.stage.name}: done in {spell(took)}")
            time.sleep(POLL_S)
    finally:
        for one in running:
            one.stop()


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="models/training/train", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds the plate models from nothing: drawn plates, training, export, calibration, evaluation, model card.",
        epilog="stages:\n" + "\n".join(f"  {s.name:16} {s.does}" for s in stages.STAGES) +
               "\n\nRun again with the same arguments, it goes on where it stopped. Logs are in WORK/logs.")
    parser.add_argument("--scenes", action="append", default=[], metavar="DIR", help="folder with labels.jsonl that trains (repeatable)")
    parser.add_argument("--eval", action="append", default=[], metavar="DIR", help="folder that is only measured (repeatable)")
    parser.add_argument("--glyphs", default="", metavar="DIR", help="sheets of real characters to check the face against")
    parser.add_argument("--work", metavar="DIR", help="scratch folder, about 3 GB; keep it outside the checkout")
    parser.add_argument("--seed", type=int, default=2026, help="of every random number (default 2026)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks train")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="processes side by side (default: all cores)")
    parser.add_argument("--quick", action="store_true", help="tiny budgets and few pictures: every stage once, nothing installed")
    parser.add_argument("--no-install", action="store_true", help="leave the finished models in WORK/models")
    parser.add_argument("--from", dest="start", default="", metavar="STAGE", help="this stage and all after it, whatever was done before")
    parser.add_argument("--until", default="", metavar="STAGE", help="no stage after this one")
    parser.add_argument("--only", default="", metavar="STAGE", help="this stage alone")
    parser.add_argument("--list", action="store_true", help="say what would run, and end")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--node", default="node")
    args = parser.parse_args(argv)
    if not args.scenes or not args.work:
        parser.error("--scenes and --work are needed")
    return args


def main(argv=None):
    args = arguments(argv)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop the stages too
    work = os.path.realpath(os.path.join(args.work, "quick" if args.quick else ""))
    run = stages.Run(tuple(map(os.path.realpath, args.scenes)), work, tuple(map(os.path.realpath, args.eval)),
                     os.path.realpath(args.glyphs) if args.glyphs else "", args.seed, args.device, max(1, args.cores), args.quick,
                     not args.no_install, args.python, args.node)
    try:
        preflight.check(run)
        for folder in ("", "logs", "figures", "models"):
            os.makedirs(run.at(folder), exist_ok=True)
        if run.quick:
            run = preflight.sampled(run)
        stamps = Stamps(work)
        todo, left_out = plan(run, stamps, args.start, args.until, args.only)
        preflight.check_programs(run, todo)
        for name, reason in left_out.items():
            if reason != "not asked for":
                say(f"{name}: left out, {reason}")
        if args.list:
            print("to run: " + " ".join(todo))
            return 0
        execute(run, todo, stamps)
    except (Failed, preflight.Unready) as problem:
        print(f"train: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train: interrupted; run it again to go on", file=sys.stderr)
        return 130
    say(f"all done in {spell(time.monotonic() - began)}; seconds a stage are in {stamps.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
