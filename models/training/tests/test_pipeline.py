"""Tests of the training command: what it runs again and what not, and what it says when something is missing.

    cd models/training && /usr/bin/python3 -m unittest
"""
import contextlib
import dataclasses
import io
import json
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from anprd_training import install, manifest, model_card, pipeline, preflight, stages  # noqa: E402


class InFolder(unittest.TestCase):
    """An empty work folder and a folder of two labelled (empty) pictures."""

    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.folder = keep.name
        self.scenes = os.path.join(keep.name, "some")
        os.makedirs(os.path.join(self.scenes, "images"))
        rows = [{"file": f"images/{k}.jpg", "plates": [{"box": [1, 2, 30, 9], "text": "AB12CDE"}]} for k in range(2)]
        for row in rows:
            self.write(os.path.join("some", row["file"]), "")
        self.write("some/labels.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.run_ = stages.Run((self.scenes,), os.path.join(keep.name, "work"), python=sys.executable)
        for folder in ("logs", "models", "figures"):
            os.makedirs(self.run_.at(folder))
        self.stamps = pipeline.Stamps(self.run_.work)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as out:
            out.write(text)


class Keys(InFolder):
    def changed(self, other):
        before, after = pipeline.keys(self.run_), pipeline.keys(other)
        return [name for name in before if before[name] != after[name]]

    def test_follow_the_labels_and_the_seed(self):
        self.assertEqual(self.changed(self.run_), [])
        self.assertIn("reader", self.changed(dataclasses.replace(self.run_, seed=7)))
        self.assertNotIn("face", self.changed(dataclasses.replace(self.run_, seed=7)))
        before = pipeline.keys(self.run_)
        self.write("some/labels.jsonl", '{"file": "images/0.jpg", "plates": []}\n')
        self.assertNotEqual(before["shards"], pipeline.keys(self.run_)["shards"])

    def test_follow_the_source_of_all_that_a_module_imports(self):
        names = [os.path.basename(p) for p in pipeline.sources(("shards",))]
        self.assertTrue({"shards.py", "plates.py", "face.py", "crop.py"} <= set(names))
        self.assertFalse({"model_card.py", "pipeline.py", "detector_net.py"} & set(names))

    def test_every_stage_needs_only_earlier_ones(self):
        seen = set()
        for stage in stages.STAGES:
            self.assertLessEqual(set(stage.needs), seen, stage.name)
            seen.add(stage.name)
            for module in stage.modules:
                self.assertTrue(os.path.exists(os.path.join(pipeline.PACKAGE, module + ".py")), module)


class Commands(InFolder):
    def test_give_every_program_only_options_that_it_knows(self):
        run = dataclasses.replace(self.run_, evals=("/some/eval",), glyphs="/some/glyphs")
        seen = set()
        for command in (c for s in stages.STAGES for group in s.groups(run) for c in group):
            if command.argv[1] == "-m":
                name = command.argv[2].removeprefix("anprd_training.")
                files = [p for p in pipeline.sources((name,)) if os.path.basename(p) in (name + ".py", "device.py")]
            else:
                name = os.path.relpath(command.argv[1], stages.ROOT).removeprefix("dist/").replace(".js", ".ts")
                files = [os.path.join(stages.ROOT, "src/cli/rates.ts" if name == "src/cli/anprctl.ts" else name)]
            text = "".join(open_text(path) for path in files)
            for option in (a for a in command.argv[2:] if a.startswith("--")):
                self.assertIn(option, text, name)
            seen.add(name)
        self.assertGreater(len(seen), 15)

    def test_only_the_last_stages_touch_the_checkouts_models(self):
        touching = {s.name for s in stages.STAGES for group in s.groups(self.run_) for c in group if stages.MODELS in " ".join(c.argv)}
        self.assertLessEqual(touching, {"install", "figures", "card"})
        quick = dataclasses.replace(self.run_, quick=True)
        writing = [c.argv for s in stages.STAGES if not s.wanted(quick) for group in s.groups(quick) for c in group
                   if stages.MODELS in c.argv or "--into" in c.argv]
        self.assertEqual(writing, [])


def open_text(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def made_up(name, needs, code, leaves=(), slots=1):
    """A stage of one Python command, run in the work folder."""
    def groups(run):
        return [[stages.Command((run.python, "-c", f"import os; os.chdir({run.work!r})\n{code}"))]]
    return stages.Stage(name, "test", needs, groups, lambda run: [run.at(f) for f in leaves], slots=lambda run: slots)


WRITE = "open({0!r}, 'x').write('')"


class Resuming(InFolder):
    def setUp(self):
        super().setUp()
        made = (made_up("one", (), WRITE.format("a"), ("a",)), made_up("two", ("one",), WRITE.format("b"), ("b",)),
                made_up("three", ("one",), WRITE.format("c"), ("c",)))
        patch = mock.patch.object(stages, "STAGES", made)
        patch.start()
        self.addCleanup(patch.stop)

    def plan(self, **asked):
        return pipeline.plan(self.run_, self.stamps, **asked)[0]

    def execute(self, todo):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            pipeline.execute(self.run_, todo, self.stamps)
        return said.getvalue()

    def test_what_is_done_is_not_done_again(self):
        self.assertEqual(self.plan(), ["one", "two", "three"])
        self.assertIn("two: done in", self.execute(self.plan()))
        self.assertEqual(self.plan(), [])
        os.remove(self.run_.at("b"))
        self.assertEqual(self.plan(), ["two"])
        self.execute(["two"])  # fails if the files of the others were still to be written: 'x' makes them once

    def test_another_seed_or_an_interruption_does_it_again_and_all_that_needs_it(self):
        self.execute(self.plan())
        self.stamps.write("one", self.stamps.read("one")["key"])  # begun again, not finished
        self.assertEqual(self.plan(), ["one", "two", "three"])

    def test_from_until_and_only(self):
        with self.assertRaisesRegex(pipeline.Failed, "a, which stage one makes"):
            self.plan(start="two")
        self.execute(self.plan())
        self.assertEqual(self.plan(start="two"), ["two", "three"])
        self.assertEqual(self.plan(only="three"), ["three"])
        self.assertEqual(self.plan(start="one", until="two"), ["one", "two"])
        with self.assertRaisesRegex(pipeline.Failed, "no stage 'four'"):
            self.plan(only="four")

    def test_stale_files_are_removed_before_a_stage_that_is_made_from_something_else(self):
        self.execute(self.plan())
        self.stamps.write("one", "another key", 1.0)
        self.execute(["one"])  # 'x' would refuse to write over the old file
        self.assertTrue(os.path.exists(self.run_.at("a")))


class Failing(InFolder):
    def fails(self, *made):
        with mock.patch.object(stages, "STAGES", made), contextlib.redirect_stdout(io.StringIO()):
            with self.assertRaises(pipeline.Failed) as caught:
                pipeline.execute(self.run_, [s.name for s in made], self.stamps)
        return str(caught.exception)

    def test_an_error_names_the_stage_its_log_and_the_last_lines(self):
        said = self.fails(made_up("one", (), "raise SystemExit('no plates were found')"), made_up("two", ("one",), WRITE.format("b")))
        self.assertIn("one failed (exit 1)", said)
        self.assertIn("no plates were found", said)
        self.assertFalse(os.path.exists(self.run_.at("b")))

    def test_a_stage_that_leaves_nothing_is_an_error(self):
        self.assertIn("left no", self.fails(made_up("one", (), "pass", ("a",))))

    def test_others_are_stopped_with_it(self):
        self.fails(made_up("slow", (), "import time; time.sleep(600)"), made_up("wrong", (), "raise SystemExit(1)"))


class Unready(InFolder):
    def refuses(self, text, check):
        with self.assertRaises(preflight.Unready) as caught:
            check()
        self.assertIn(text, str(caught.exception))

    def test_folders_labels_and_pictures_are_asked_for_by_name(self):
        self.assertEqual(len(preflight.read_labels(self.scenes)), 2)
        self.refuses("there is no folder /nowhere", lambda: preflight.read_labels("/nowhere"))
        self.refuses("labels.jsonl is missing", lambda: preflight.read_labels(self.folder))
        for line, said in (("{", "line 1"), ('{"file": "images/0.jpg"}', "plates"), ('{"file": "images/9.jpg", "plates": []}', "9.jpg"),
                           ('{"file": "images/0.jpg", "plates": [{"box": [1, 2, 3]}]}', "four numbers"), ("", "names no picture")):
            self.write("some/labels.jsonl", line + "\n")
            self.refuses(said, lambda: preflight.read_labels(self.scenes))

    def test_packages_are_named_as_apt_knows_them(self):
        with mock.patch.object(preflight, "PACKAGES", {"no_such_module": "python3-no-such"}):
            self.refuses("apt-get install --no-install-recommends python3-no-such", lambda: preflight.check(self.run_))

    def test_programs_only_where_a_stage_runs_one(self):
        preflight.check_programs(self.run_, ["face", "reader"])
        self.refuses("no program no-node", lambda: preflight.check_programs(dataclasses.replace(self.run_, node="no-node"), ["evaluation"]))

    def test_a_quick_run_sees_some_pictures_under_the_old_names(self):
        with mock.patch.object(preflight, "QUICK_PICTURES", 1):
            small = preflight.sampled(self.run_)
        self.assertEqual(os.path.basename(small.scenes[0]), "some")
        self.assertEqual([row["file"] for row in preflight.read_labels(small.scenes[0])], ["images/0.jpg"])


CARD = "# Card\n\nBy hand.\n\n<!-- measured: reader -->\nold\n<!-- /measured -->\n\n<!-- measured: bench reading -->\nkept\n<!-- /measured -->\n"


class Figures(InFolder):
    def setUp(self):
        super().setUp()
        rates = {"pictures": 4, "plates": 4, "platesWithText": 4, "captured": 4, "readRight": 3, "wrongReads": 1, "falseReads": 0,
                 "intervals": {"readRight": {"low": 0.3, "high": 0.95}}, "failures": [{"read": "AB12CDE"}]}
        self.write("work/figures/rates-validation.json", json.dumps(rates))
        self.write("work/figures/reader.json", json.dumps({"drawn UK": {"exact": 0.9, "folded": 0.95, "n": 10}}))
        self.write("work/figures/bench-fusion.json", json.dumps({"area": "fusion", "figures": {"fused": {"value": 98, "unit": "%"}}}))

    def test_the_manifest_takes_figures_and_keeps_what_others_wrote(self):
        old = {"calibration": {"temperature": 2}, "measured": {"wholeWay": {"eval-uk": {"pictures": 1}}}}
        got = manifest.manifest_of(self.run_.at("models"), old, manifest.figures_of(self.run_.at("figures")))
        self.assertEqual(got["calibration"], {"temperature": 2})
        self.assertEqual(set(got["measured"]["wholeWay"]), {"eval-uk", "validation"})
        self.assertEqual(got["measured"]["bench"]["fusion"]["fused"]["value"], 98)
        self.assertNotIn("AB12CDE", json.dumps(got))  # what was read wrong names vehicles

    def test_the_card_changes_in_its_blocks_alone(self):
        data = {"measured": manifest.figures_of(self.run_.at("figures"))}
        card, without = model_card.filled(CARD, data)
        self.assertIn("| drawn UK | 10 | 90.0 % | 95.0 % |", card)
        self.assertEqual(without, ["bench reading"])
        self.assertTrue(card.startswith("# Card\n\nBy hand.\n\n<!-- measured: reader -->\n| Crops"))
        self.assertIn("-->\nkept\n<!-- /measured -->", card)
        self.assertEqual(model_card.filled(card, data)[0], card)
        self.assertIn("**75.0 %** of 4 (30.0 % to 95.0 %)", model_card.whole_way(data))
        with self.assertRaisesRegex(ValueError, "'weather'"):
            model_card.filled(CARD.replace("reader -->", "weather -->"), data)

    def test_every_block_of_the_repositorys_card_is_known(self):
        with open(os.path.join(stages.MODELS, "MODEL_CARD.md"), encoding="utf-8") as source:
            model_card.filled(source.read(), {"measured": {}})

    def test_calibration_and_confusions_go_with_the_models_that_they_were_fitted_to(self):
        self.write("work/models/detector.onnx", "fitted to")
        models = self.run_.at("models")
        fitted = {"calibration": {"temperature": 2}, "confusions": {"counted": 7}}
        old = manifest.manifest_of(models, {}, {}) | fitted
        self.assertEqual(fitted, {key: manifest.manifest_of(models, old, {}).get(key) for key in fitted})
        self.write("work/models/detector.onnx", "another")
        for key in fitted:
            self.assertNotIn(key, manifest.manifest_of(models, old, {}))

    def staged(self):
        for file in ("detector.onnx", "reader.onnx", "uk-face.json"):
            self.write("work/models/" + file, file)
        entries = {key: manifest.entry(self.run_.at("models", key + ".onnx"), {}) for key in ("detector", "reader")}
        self.write("work/models/manifest.json", json.dumps(entries))

    def test_models_are_installed_when_nothing_speaks_against_them(self):
        folders = self.run_.at("models"), self.run_.at("figures")
        self.assertIn("has no uk-face.json", install.faults(*folders, 0.7)[0])
        self.staged()
        self.assertEqual(install.faults(*folders, 0.7), [])
        self.assertIn("0.750 of the validation plates", install.faults(*folders, 0.8)[0])
        install.replace(folders[0], self.scenes)
        self.assertLessEqual(set(install.FILES), set(os.listdir(self.scenes)))
        self.write("work/models/reader.onnx", "another")
        self.assertIn("reader.onnx is not the file", install.faults(*folders, 0.7)[0])


if __name__ == "__main__":
    unittest.main()
