"""Tests of the detector's training pictures: geometry of composites, what they look like, the split of the scenes.

Run: python3 -m unittest discover -s models/training/tests (from the repository root).
No pictures are needed: scenes are made up here. PyTorch is not needed either.
"""
import os
import sys
import unittest

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from anprd_training import composites, detector_looks, scene_store  # noqa: E402


def made_up_scene(rng, boxes, size=(640, 480)):
    level = rng.integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    levels = [level, level[::2, ::2].copy(), level[::4, ::4].copy()]
    return scene_store.Scene("made/up", levels, np.asarray(boxes, np.float32).reshape(-1, 4), False, np.zeros((0, 4), np.float32))


class Geometry(unittest.TestCase):
    def test_posed_corners_keep_reading_order_and_stay_convex(self):
        rng = np.random.default_rng(1)
        for aspect in (4.7, 1.4):
            for _ in range(200):
                tl, tr, br, bl = composites.pose_quad(rng, aspect, slanted=rng.random() < 0.5)
                self.assertLess(tl[0], tr[0])
                self.assertLess(bl[0], br[0])
                self.assertLess(tl[1], bl[1])
                self.assertLess(tr[1], br[1])
                edges = np.roll(np.array([tl, tr, br, bl]), -1, 0) - np.array([tl, tr, br, bl])
                following = np.roll(edges, -1, 0)
                self.assertTrue((edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0] > 0).all())

    def test_pasted_plate_lies_where_its_corners_say(self):
        rng = np.random.default_rng(2)
        for _ in range(20):
            canvas = np.zeros((200, 300), np.float32)
            quad = composites.pose_quad(rng, 4.7) * 150 + (150, 100)
            composites.paste(np.random.default_rng(9), canvas, np.full((111, 520), 255, np.uint8), quad, 250, 10)
            ys, xs = np.nonzero(canvas > 90)
            # Pixel n covers n..n+1; softening may move the edge by a pixel.
            self.assertLess(abs(xs.min() - quad[:, 0].min()), 1.6)
            self.assertLess(abs(xs.max() + 1 - quad[:, 0].max()), 1.6)
            self.assertLess(abs(ys.min() - quad[:, 1].min()), 1.6)
            self.assertLess(abs(ys.max() + 1 - quad[:, 1].max()), 1.6)

    def test_labelled_box_follows_the_zoom(self):
        rng = np.random.default_rng(3)
        level = np.zeros((480, 640), np.uint8)
        level[300:340, 200:360] = 255
        halves = [level]
        for _ in range(2):
            last = halves[-1]
            halves.append(last.reshape(last.shape[0] // 2, 2, -1, 2).mean((1, 3)).astype(np.uint8))
        scene = scene_store.Scene("one", halves, np.float32([[200, 300, 160, 40]]), False, np.zeros((0, 4), np.float32))
        for _ in range(60):
            canvas, labelled, _unlabelled, _action = composites.render_scene(rng, scene, (384, 224))
            quad = labelled[0].box
            self.assertTrue(labelled[0].wide)
            if composites.inside_share(quad, 384, 224) < 1:
                continue
            ys, xs = np.nonzero(canvas > 180)
            self.assertLess(abs(xs.min() - quad[:, 0].min()), 2.5)
            self.assertLess(abs(xs.max() + 1 - quad[:, 0].max()), 2.5)
            self.assertLess(abs(ys.min() - quad[:, 1].min()), 2.5)
            self.assertLess(abs(ys.max() + 1 - quad[:, 1].max()), 2.5)

    def test_wiping_removes_the_plate(self):
        canvas = np.full((100, 200), 50, np.float32)
        canvas[40:60, 60:140] = 255
        composites.wipe(np.random.default_rng(4), canvas, np.float32([[60, 40], [140, 40], [140, 60], [60, 60]]))
        self.assertLess(canvas.max(), 90)


class Composing(unittest.TestCase):
    def test_same_seed_same_picture_and_all_targets_are_valid(self):
        rng = np.random.default_rng(5)
        scenes = [made_up_scene(rng, [[200, 300, 150, 50]]), made_up_scene(rng, [[50, 60, 120, 26], [400, 300, 90, 60]]), made_up_scene(rng, [])]
        plates = [composites.simple_plate(rng) for _ in range(5)]
        scenes[0].hard = np.float32([[300, 100, 40, 20]])
        for seed in range(80):
            mix = composites.SLANTED if seed % 2 else composites.PLAIN
            one = composites.compose(np.random.default_rng(seed), scenes, plates, (320, 256), mix)
            two = composites.compose(np.random.default_rng(seed), scenes, plates, (320, 256), mix)
            self.assertTrue(np.array_equal(one.image, two.image))
            self.assertEqual((one.image.shape, one.image.dtype), ((256, 320), np.uint8))
            self.assertEqual(one.known.shape, (256, 320))
            for target in one.targets:
                self.assertTrue(np.isfinite(target.corners).all())
                self.assertGreaterEqual(np.ptp(target.corners[:, 0]), composites.SMALLEST_PLATE_PX)

    def test_night_makes_the_scene_dark_and_the_plate_bright(self):
        brighter = 0
        for seed in range(20):
            image = np.full((224, 384), 140, np.float32)
            image[100:130, 100:240] = 160
            quad = np.float32([[100, 100], [240, 100], [240, 130], [100, 130]])
            night = detector_looks.infrared_night(np.random.default_rng(seed), image, [quad])
            brighter += night[105:125, 105:235].mean() > night[150:, :].mean()
        self.assertGreaterEqual(brighter, 16)


class Split(unittest.TestCase):
    def test_split_keeps_a_vehicle_on_one_side(self):
        labels = [{"plates": [{"text": "A"}]}, {"plates": [{"text": "B"}, {"text": "A"}]}, {"plates": [{"text": "B"}]}, {"plates": [{"text": "C"}]}]
        keys = scene_store.split_keys("f", labels)
        self.assertEqual(len(set(keys[:3])), 1)
        self.assertNotEqual(keys[0], keys[3])


if __name__ == "__main__":
    unittest.main()
