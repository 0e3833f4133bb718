"""Tests of the plate generator and the crop contract.

    cd models/training && /usr/bin/python3 -m unittest
"""
import os
import sys
import unittest

import cv2
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from anprd_training import crop, degrade, face, marks, plates, scenes, shards  # noqa: E402


def rng(seed=5):
    return np.random.default_rng(seed)


class Face(unittest.TestCase):
    def test_boxes(self):
        for char in face.CHARACTERS:
            points = np.vstack(face.glyph_polygons(char))
            self.assertAlmostEqual(points[:, 1].min(), 0, delta=0.11, msg=char)
            self.assertAlmostEqual(points[:, 1].max(), 79, delta=0.11, msg=char)
            self.assertLessEqual(points[:, 0].max(), 14 if char in "1I" else 50, char)

    def test_same_glyphs(self):
        for a, b in ("O0", "I1"):
            self.assertTrue(all(np.array_equal(p, q) for p, q in zip(face.glyph_polygons(a), face.glyph_polygons(b))))

    def test_stroke(self):
        mask = np.zeros((790, 500), np.uint8)
        face.draw_glyph(mask, "U", 0, 0, 10, 10)
        self.assertAlmostEqual(int((mask[100] > 127).sum()) / 10, 28, delta=0.3)  # two strokes of 14 mm


class Plates(unittest.TestCase):
    def test_same_seed_same_plate(self):
        for _ in range(3):
            a, b = plates.draw_plate(rng(9)), plates.draw_plate(rng(9))
            self.assertTrue(np.array_equal(a.image, b.image))
            self.assertEqual(a.text, b.text)
        a, la = shards.make_shard(3, 1, [], size=24)
        b, lb = shards.make_shard(3, 1, [], size=24)
        self.assertTrue(np.array_equal(a, b) and la == lb)

    def test_gaps_of_a_car_plate(self):
        plate = plates.draw_uk(rng(), ["AB11", "CDE"], "line", compliant=True)
        boxes = plate.boxes[0]
        gaps = [b[0] - a[2] for a, b in zip(boxes, boxes[1:])]
        self.assertEqual([round(g, 6) for g in gaps], [11, 11, 11, 33, 11, 11])
        self.assertEqual([round(b[2] - b[0]) for b in boxes], [50, 50, 14, 14, 50, 50, 50])
        self.assertEqual({round(b[3] - b[1]) for b in boxes}, {79})
        self.assertEqual(plate.image.shape, (111, 520))

    def test_ink_of_a_double_one(self):
        """The paper between the strokes of 11 is really there in the picture."""
        for seed in range(40):
            plate = plates.draw_uk(rng(seed), ["L11", "ABC"], "line", compliant=True)
            one, two = plate.boxes[0][1:3]
            # Sampled where no screw, frame or caption is drawn on the flat plate.
            row = plate.image[int(one[1] + 30)].astype(int)
            ink, paper = row[int(one[0]) + 7], row[int((one[2] + two[0]) / 2)]
            self.assertGreater(abs(ink - paper), 30)

    def test_square_and_motorcycle(self):
        plate = plates.draw_uk(rng(), ["AB12", "CDE"], "square", compliant=True)
        self.assertEqual((plate.image.shape, plate.line_texts), ((203, 285), ["AB12", "CDE"]))
        plate = plates.draw_uk(rng(), ["AB12", "CDE"], "motorcycle", compliant=True)
        boxes = plate.boxes[0]
        self.assertAlmostEqual(boxes[1][0] - boxes[0][2], 10)
        self.assertAlmostEqual(boxes[0][2] - boxes[0][0], 44)
        self.assertAlmostEqual(boxes[0][3] - boxes[0][1], 64)

    def test_labels(self):
        r = rng(11)
        for _ in range(300):
            plate = plates.draw_plate(r)
            self.assertEqual(plate.text, "".join(plate.line_texts))
            self.assertIn(len(plate.line_texts), (1, 2))
            self.assertTrue(plate.text and all(c in face.CHARACTERS for c in plate.text))
            self.assertEqual([len(t) for t in plate.line_texts], [len(b) for b in plate.boxes])
            self.assertEqual(plate.image.dtype, np.uint8)

    def test_grammar_of_current_marks(self):
        r = rng(12)
        for _ in range(400):
            kind, groups = marks.uk_mark(r)
            if kind == "current":
                self.assertRegex("".join(groups), r"^[A-HJ-PR-Y]{2}(?!00|01|50)\d{2}[A-HJ-PR-Z]{3}$")


class Crop(unittest.TestCase):
    def test_covers_plate_and_margin(self):
        quad = crop.crop_quad(crop.box_corners((100, 50, 200, 60)))
        np.testing.assert_allclose(quad, [[88, 41], [312, 41], [312, 119], [88, 119]], atol=1e-3)
        self.assertEqual(crop.subsamples(quad), 2)

    def test_pixel_centres(self):
        """A crop that is exactly 160 x 48 pixels of the picture is those pixels."""
        image = rng().integers(0, 256, (120, 300)).astype(np.uint8)
        w, h = 160 / 1.12, 48 / 1.3
        box = (40 + 0.06 * w, 30 + 0.15 * h, w, h)
        out = crop.crop_plate(image, crop.box_corners(box), n=1)
        np.testing.assert_allclose(out.astype(int), image[30:78, 40:200].astype(int), atol=2)

    def test_box_average(self):
        image = cv2.resize(rng().integers(0, 256, (48, 160)).astype(np.uint8), (480, 144), interpolation=cv2.INTER_NEAREST)
        w, h = 480 / 1.12, 144 / 1.3
        out = crop.crop_plate(image, crop.box_corners((0.06 * w, 0.15 * h, w, h)), n=3)
        self.assertLess(np.abs(out.astype(int) - image[1::3, 1::3]).mean(), 3)

    def test_drawn_crop(self):
        out = degrade.plate_crop(rng(3), plates.draw_plate(rng(4)))
        self.assertEqual((out.shape, out.dtype), ((48, 160), np.uint8))


class Labels(unittest.TestCase):
    def test_split_is_by_folded_text(self):
        self.assertEqual(scenes.is_validation("BO11IO"), scenes.is_validation("B0I110"))
        share = np.mean([scenes.is_validation(f"AB{k}") for k in range(5000)])
        self.assertAlmostEqual(share, 0.12, delta=0.02)


if __name__ == "__main__":
    unittest.main()
