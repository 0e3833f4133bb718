"""Tests of the corners that texts tell: the searched quads, what makes one better, and how the detector learns them.

Run: python3 -m unittest discover -s models/training/tests (from the repository root). No pictures are needed.
"""
import json
import os
import sys
import tempfile
import unittest

import cv2
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
try:
    import torch
except ImportError as missing:
    raise unittest.SkipTest("the networks' tests need PyTorch (python3-torch), which is not installed") from missing

from anprd_training import composites, crop, eval_detector, plates, scene_store, train_reader  # noqa: E402
from anprd_training import corners_from_text as told  # noqa: E402
from anprd_training.reader_net import Reader  # noqa: E402


def slanted_plate(slope_deg, lean_deg, size=(420, 300)):
    """A grey picture with a drawn plate in it, and the plate's corners."""
    flat = plates.draw_plate(np.random.default_rng(3)).image
    slope, lean = np.radians((slope_deg, lean_deg))
    right, down = 240 * np.array([np.cos(slope), np.sin(slope)]), 52 * np.array([-np.sin(lean), np.cos(lean)])
    centre = np.array(size) / 2
    quad = np.array([centre + a * right + b * down for a, b in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))])
    canvas = np.full((size[1], size[0]), 90, np.float32)
    composites.paste(np.random.default_rng(1), canvas, flat, np.float32(quad), 230, 30)
    return canvas.astype(np.uint8), quad


def sure_of_nothing():
    """A reader to which every text is as likely on every crop: what is left is how the text lies."""
    model = Reader().eval()
    torch.nn.init.zeros_(model.classify.weight)
    torch.nn.init.zeros_(model.classify.bias)
    return model


class Quads(unittest.TestCase):
    def test_a_quad_has_the_angles_asked_for_and_fills_its_box(self):
        box = np.array([20.0, 30, 220, 130])
        for slope, lean in ((0.0, 0.0), (12, -4), (-15, 9)):
            numbers = np.zeros(7)
            numbers[:2] = np.radians((slope, lean))
            quad = told.quad_of(box, numbers)
            np.testing.assert_allclose(np.degrees(eval_detector.edge_angles(quad)), (slope, lean), atol=1e-6)
            np.testing.assert_allclose(eval_detector.extents(quad), box, atol=1e-6)

    def test_a_slope_too_steep_for_its_box_still_answers_a_plate(self):
        numbers = np.zeros(7)
        numbers[told.SLOPE] = np.radians(20)
        quad = told.quad_of(np.array([0.0, 0, 200, 20]), numbers)
        sides = np.linalg.norm(np.roll(quad, -1, 0) - quad, axis=1)
        self.assertGreaterEqual(sides[1] / sides[0], 1 / told.THINNEST - 1e-6)

    def test_the_likelihood_is_that_of_the_readers_loss(self):
        logits = torch.randn(3, 2, 80, 37, generator=torch.Generator().manual_seed(4))
        for lines, label in ((1, ("AB12", "")), (2, ("AB12", None))):
            mean = float(told.text_likelihood(logits, "AB12", lines).mean())
            self.assertAlmostEqual(mean, -float(train_reader.loss_of(logits, [label] * 3)), places=3)

    def test_level_rows_and_upright_strokes_are_worth_more(self):
        picture, quad = slanted_plate(10, 4)
        box = eval_detector.extents(quad)
        worth = {}
        for turn in ((10, 4), (0, 4), (16, 4), (10, -16)):
            numbers = np.zeros(7)
            numbers[:2] = np.radians(turn)
            worth[turn] = told.alignment(crop.crop_plate(picture, told.quad_of(box, numbers))[None])[0]
        self.assertEqual(max(worth, key=worth.get), (10, 4))

    def test_the_search_turns_an_upright_start_onto_the_plate(self):
        for slope, lean in ((11, 3), (-9, -4), (0, 0)):
            picture, quad = slanted_plate(slope, lean)
            search = told.Search("made/up", 0, picture, np.zeros(2), eval_detector.extents(quad), eval_detector.extents(quad), np.zeros(7), "AB12CDE", 1)
            corners, _ = told.corners_of(sure_of_nothing(), search, np.random.default_rng(5))
            found = np.degrees(eval_detector.edge_angles(corners))
            self.assertLess(abs(found[0] - slope), 2.5)
            self.assertLess(abs(found[1] - lean), 8)


class Learning(unittest.TestCase):
    def scene(self, slope):
        picture, quad = slanted_plate(slope, 0, (640, 480))
        x0, y0, x1, y1 = eval_detector.extents(quad)
        halves = [picture, picture[::2, ::2].copy(), picture[::4, ::4].copy()]
        return scene_store.Scene("one", halves, np.float32([[x0 - 5, y0 - 5, x1 - x0 + 10, y1 - y0 + 10]]), False,
                                 np.zeros((0, 4), np.float32), read={0: np.float32(quad)})

    def test_a_told_plate_is_asked_for_at_its_corners_however_the_scene_is_turned(self):
        scene, seen = self.scene(12), 0
        mix = composites.Mix(actions=(1, 0, 0), sheared=1.0, signs=0)
        for seed in range(40):
            canvas, labelled, _, _ = composites.render_scene(np.random.default_rng(seed), scene, (384, 224), mix)
            quad = labelled[0].read
            if composites.inside_share(quad, 384, 224) < 1 or np.ptp(quad[:, 0]) < 60:
                continue
            seen += 1
            inside = np.zeros(canvas.shape, np.uint8)
            cv2.fillConvexPoly(inside, np.round(quad - 0.5).astype(np.int32), 1)
            outside = cv2.dilate(inside, np.ones((9, 9), np.uint8)) - cv2.dilate(inside, np.ones((5, 5), np.uint8))
            self.assertGreater(canvas[inside == 1].mean(), 130)
            self.assertLess(canvas[outside == 1].mean(), 110)
            target = composites.read_target(quad)
            self.assertTrue(target.exact)
            self.assertLess(target.slack[0], composites.labelled_target(labelled[0].box, True).slack[0])
        self.assertGreater(seen, 8)

    def test_a_drawn_plate_lies_as_the_real_one_did(self):
        _, quad = slanted_plate(-14, 5)
        for shape in ((111, 520), (203, 285)):
            drawn = composites.as_it_lay(np.random.default_rng(2), np.zeros(shape, np.uint8), np.float32(quad))
            np.testing.assert_allclose(np.degrees(eval_detector.edge_angles(drawn)), (-14, 5), atol=0.1)
            np.testing.assert_allclose(drawn.mean(0), quad.mean(0), atol=0.01)
            sides = np.linalg.norm(np.roll(drawn, -1, 0) - drawn, axis=1)
            self.assertLess(abs(np.log(sides[0] / sides[1] / (shape[1] / shape[0] * 0.85))), 0.25)

    def test_the_store_takes_corners_from_a_file(self):
        with tempfile.TemporaryDirectory() as root:
            folder, work = os.path.join(root, "own"), os.path.join(root, "work")
            os.makedirs(os.path.join(folder, "images"))
            cv2.imwrite(os.path.join(folder, "images", "1.png"), np.zeros((1000, 2560), np.uint8))  # stored at half size
            with open(os.path.join(folder, "labels.jsonl"), "w") as out:
                json.dump({"file": "images/1.png", "plates": [{"box": [10, 20, 100, 30]}, {"box": [400, 20, 100, 30], "text": "A"}]}, out)
            with open(os.path.join(root, "corners.json"), "w") as out:
                json.dump({"own/images/1.png": [None, [400, 20, 500, 30, 500, 60, 400, 50]]}, out)
            read = scene_store.load([folder], work, os.path.join(root, "corners.json"))[0].read
            self.assertEqual(list(read), [1])
            np.testing.assert_allclose(read[1], [[200, 10], [250, 15], [250, 30], [200, 25]])


if __name__ == "__main__":
    unittest.main()
