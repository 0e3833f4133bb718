"""Tests of the samples for fine-tuning: detector crops, non-plates, hard plates.

    cd models/training && /usr/bin/python3 -m unittest
"""
import json
import os
import re
import sys
import tempfile
import unittest

import cv2
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
try:
    import torch
except ImportError as missing:
    raise unittest.SkipTest("the networks' tests need PyTorch (python3-torch), which is not installed") from missing

from anprd_training import crop, detector_crops, hard_plates, marks, pools, scenes, signs, tune_reader  # noqa: E402


def rng(seed=5):
    return np.random.default_rng(seed)


class Scenes(unittest.TestCase):
    """A folder of one picture with two labelled plates and three answers."""

    def setUp(self):
        texts = [t for t in (f"AB{i:02d}CDE" for i in range(99))]
        self.train = next(t for t in texts if not scenes.is_validation(t))
        self.check = next(t for t in texts if scenes.is_validation(t))
        self.keep = tempfile.TemporaryDirectory()
        self.addCleanup(self.keep.cleanup)
        self.folder = os.path.join(self.keep.name, "some")
        os.makedirs(os.path.join(self.folder, "images"))
        cv2.imwrite(os.path.join(self.folder, "images", "00000.png"), rng().integers(0, 255, (200, 400), dtype=np.uint8))
        row = {"file": "images/00000.png", "plates": [{"box": [20, 20, 100, 24], "text": self.train},
                                                      {"box": [220, 20, 100, 24], "text": self.check}]}
        with open(os.path.join(self.folder, "labels.jsonl"), "w", encoding="utf-8") as f:
            f.write(json.dumps(row) + "\n")
        self.quads = [crop.box_corners(b) + 1.5 for b in ((22, 21, 96, 22), (221, 22, 96, 22), (100, 120, 80, 20))]
        self.answers = {"some/images/00000.png": [[512, 0.9, *q.ravel()] for q in self.quads]}

    def test_each_split_has_its_own_plate(self):
        for validation, text, quad in ((False, self.train, self.quads[0]), (True, self.check, self.quads[1])):
            found = detector_crops.plates([self.folder], self.answers, validation)
            self.assertEqual([p.text for p in found], [text])
            whole = cv2.imread(os.path.join(self.folder, "images", "00000.png"), cv2.IMREAD_GRAYSCALE)
            same = np.abs(scenes.plain_crop(found[0]).astype(int) - crop.crop_plate(whole, quad))
            self.assertLess(same.mean(), 2)  # the detector's corners, not the label's

    def test_nonplates_touch_no_label(self):
        both = [p for v in (False, True) for p in detector_crops.nonplates([self.folder], self.answers, v)]
        self.assertEqual([p.text for p in both], [""])
        self.assertTrue(detector_crops.touches(np.array([110, 30, 150, 60]), [(20, 20, 100, 24)]))

    def test_pool_gives_everything_once(self):
        path = os.path.join(self.keep.name, "detector-0000")
        plates = detector_crops.plates([self.folder], self.answers, None)
        pools.write(path, pools.real_samples(rng(), plates, 0.02), 6)
        _, labels = pools.Pool(rng(), path + ".npy").take(6)
        self.assertEqual(sorted(t for t, _ in labels), sorted([self.train, self.check] * 3))


class Drawn(unittest.TestCase):
    def test_signs_are_no_marks(self):
        r = rng()
        for _ in range(500):
            text = signs.text(r)
            together = text.replace(" ", "")
            if together.isalnum() and any(c.isdigit() for c in together):
                self.assertIsNone(marks.UK_FORM.match(together), text)
        self.assertEqual(signs.sign_crop(r).shape, (48, 160))

    def test_hard_plates_have_ones(self):
        r = rng()
        texts = [hard_plates.draw(r).text for _ in range(200)]
        self.assertGreater(np.mean(["11" in scenes.fold(t) for t in texts]), 0.15)
        self.assertTrue(all(re.fullmatch("[A-Z0-9]{2,9}", t) for t in texts))
        self.assertEqual(hard_plates.hard_crop(r, hard_plates.draw(r)).shape, (48, 160))

    def test_blend(self):
        old, new = ({"w": torch.tensor([v]), "n": torch.tensor(k)} for v, k in ((0.0, 1), (2.0, 5)))
        mixed = tune_reader.blend(old, new, 0.75)
        self.assertEqual((mixed["w"].item(), mixed["n"].item()), (1.5, 5))


if __name__ == "__main__":
    unittest.main()
