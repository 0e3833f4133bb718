"""Tests of the detector's network: target maps, losses, decoding, the exported graph's contract.

Run: python3 -m unittest discover -s models/training/tests (from the repository root). Needs PyTorch.
"""
import os
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
try:
    import torch
except ImportError as missing:
    raise unittest.SkipTest("the networks' tests need PyTorch (python3-torch), which is not installed") from missing

from anprd_training import composites, eval_detector, train_detector  # noqa: E402
from anprd_training.detector_net import STRIDE, DetectorNet, ExportedDetector, agree  # noqa: E402


class TargetsAndAnswers(unittest.TestCase):
    def one(self, corners, exact=True):
        return composites.Composite(np.zeros((224, 384), np.uint8), [composites.Target(np.float32(corners), exact)],
                                    [np.float32([300, 10, 380, 40])], np.zeros((224, 384), bool))

    def test_target_maps_decode_to_the_same_corners(self):
        corners = [[100, 90], [180, 95], [179, 115], [101, 110]]
        heat, negative, offsets, *_ = train_detector.rasterise([self.one(corners)], (384, 224))
        self.assertEqual((heat[0] == 1).sum(), 1)
        self.assertEqual(negative[0, 2, 42], 0)
        self.assertEqual(negative[0, 20, 10], 2)
        found = eval_detector.decode(heat[0], offsets[0], 0.5)
        self.assertEqual(len(found), 1)
        self.assertLess(np.abs(found[0].corners - corners).max(), 1e-3)

    def test_perfect_answers_cost_nothing_and_boxes_only_their_extent(self):
        corners = [[100, 90], [180, 95], [179, 115], [101, 110]]
        maps = [torch.from_numpy(m) for m in train_detector.rasterise([self.one(corners, exact=False)], (384, 224))]
        _heat, _negative, offsets, exact, box, turn, unit, slack = maps
        self.assertEqual(float(exact.sum()), 0)
        self.assertEqual(float(train_detector.corner_loss(offsets, offsets, exact, box, turn, unit, slack)[1]), 0)
        rolled = offsets[:, [0, 3, 2, 1, 4, 7, 6, 5]]  # other corners, same extent
        self.assertLess(float(train_detector.corner_loss(rolled, offsets, exact, box, turn, unit, slack)[1]), 1e-9)

    def test_a_label_is_right_between_itself_and_twice_the_inset(self):
        quad = np.float32([[100, 90], [180, 90], [180, 120], [100, 120]])
        target = composites.labelled_target(quad, True)
        one = composites.Composite(np.zeros((224, 384), np.uint8), [target], [], np.zeros((224, 384), bool))
        maps = [torch.from_numpy(m) for m in train_detector.rasterise([one], (384, 224))]
        _heat, _negative, offsets, exact, box, turn, unit, slack = maps
        row, column = np.argwhere(maps[0][0].numpy() == 1)[0]
        centre = np.array([(column + 0.5) * STRIDE, (row + 0.5) * STRIDE])
        for grow, free in ((1.0, True), (0.88, True), (1.1, False), (0.7, False)):
            answer = (quad - (140, 105)) * grow + (140, 105) - centre
            given = offsets.clone()
            given[0, :, row, column] = torch.from_numpy(answer.astype(np.float32).reshape(8))
            loss = sum(float(part) for part in train_detector.corner_loss(given, offsets, exact, box, turn, unit, slack))
            self.assertEqual(loss < 1e-6, free, grow)

    def test_turned_edges_cost_more_than_shifted_ones(self):
        corners = np.float32([[100, 90], [180, 90], [180, 110], [100, 110]])
        maps = [torch.from_numpy(m) for m in train_detector.rasterise([self.one(corners)], (384, 224))]
        _heat, _negative, offsets, exact, box, turn, unit, slack = maps
        loss = {}
        for name, moved in (("shifted", [2, 0, 2, 0, 2, 0, 2, 0]), ("leaning", [2, 0, 2, 0, -2, 0, -2, 0])):
            given = offsets + torch.tensor(moved)[None, :, None, None]
            loss[name] = float(train_detector.corner_loss(given, offsets, exact, box, turn, unit, slack)[0])
        self.assertGreater(loss["leaning"], 1.1 * loss["shifted"])

    def test_a_shorter_plate_is_no_way_out_of_an_unsure_slant(self):
        truth = torch.tensor([-40.0, -15, 40, -5, 40, 15, -40, 5]).reshape(1, 8, 1, 1)
        upright = torch.tensor([-40.0, -10, 40, -10, 40, 10, -40, 10]).reshape(1, 8, 1, 1)
        self.assertAlmostEqual(float(train_detector.turned(upright, truth)), float(train_detector.turned(0.8 * upright, truth)), places=5)
        self.assertEqual(float(train_detector.turned(0.8 * truth, truth)), 0)

    def test_an_unlabelled_strong_answer_is_punished_less_than_a_known_false_one(self):
        target = torch.zeros(1, 28, 48)
        logits = torch.full((1, 28, 48), -8.0)
        logits[0, 5, 5] = 3.0
        unknown = train_detector.heat_loss(logits, target, torch.full_like(target, 2.0), True)
        known = train_detector.heat_loss(logits, target, torch.ones_like(target), True)
        ignored = train_detector.heat_loss(logits, target, torch.zeros_like(target), True)
        self.assertLess(float(unknown), 0.6 * float(known))
        self.assertLess(float(ignored), 1e-6)


class Contract(unittest.TestCase):
    def test_shapes_for_any_multiple_of_32(self):
        net = ExportedDetector(DetectorNet().eval())
        for height, width in ((32, 64), (288, 512)):
            with torch.no_grad():
                heat, corners = net(torch.zeros(2, 1, height, width, dtype=torch.uint8))
            self.assertEqual(heat.shape, (2, 1, height // STRIDE, width // STRIDE))
            self.assertEqual(corners.shape, (2, 8, height // STRIDE, width // STRIDE))
            self.assertTrue(((heat >= 0) & (heat <= 1)).all())

    def test_neighbours_that_mean_the_same_plate_leave_the_corners_where_they_are(self):
        corners = np.float32([[100, 90], [180, 95], [179, 115], [101, 110]])
        xs, ys = (np.arange(48) + 0.5) * STRIDE, (np.arange(28) + 0.5) * STRIDE
        offsets = np.zeros((8, 28, 48), np.float32)
        offsets[0::2] = corners[:, 0, None, None] - xs[None, None]
        offsets[1::2] = corners[:, 1, None, None] - ys[None, :, None]
        heat = torch.from_numpy(np.random.default_rng(6).uniform(0.2, 1, (1, 1, 28, 48)).astype(np.float32))
        same = agree(heat, torch.from_numpy(offsets)[None])[0].numpy()
        self.assertLess(np.abs(same - offsets).max(), 1e-3)

    def test_prepared_canvas(self):
        canvas, scale = eval_detector.prepare(np.zeros((480, 640), np.uint8), 512)
        self.assertEqual(canvas.shape, (384, 512))
        self.assertEqual(scale, 0.8)
        canvas, _ = eval_detector.prepare(np.zeros((500, 1000), np.uint8), 512)
        self.assertEqual(canvas.shape, (256, 512))
        canvas, _ = eval_detector.prepare(np.zeros((270, 480), np.uint8), 512)
        self.assertEqual(canvas.shape, (288, 512))


if __name__ == "__main__":
    unittest.main()
