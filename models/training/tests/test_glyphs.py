"""Tests of the UK face against real characters, and of the check itself on made-up sheets.

    cd models/training && /usr/bin/python3 -m unittest
"""
import json
import os
import sys
import tempfile
import unittest

import cv2
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from anprd_training import face, glyph_check  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SHEETS = os.path.join(os.environ.get("ANPRD_DATA", os.path.join(ROOT, "..", "shared", "data")), "glyphs-uk")


def seen_from_somewhere(rng, char):
    """A cell as a real plate's character would fill it: leaning, fat or thin, frayed, dark on light."""
    ink = np.zeros((224, 128), np.uint8)
    face.draw_glyph(ink, char, 14 if char not in "1I" else 50, 16, 2.0, 2.4)
    lean = rng.uniform(-0.08, 0.08)
    ink = cv2.warpAffine(ink, np.float32([[1, lean, -112 * lean], [0, 1, 0]]), (128, 224))
    kernel = np.ones((int(rng.integers(1, 9)),) * 2, np.uint8)
    ink = cv2.dilate(ink, kernel) if rng.random() < 0.5 else cv2.erode(ink, kernel)
    ink = cv2.GaussianBlur(ink.astype(np.float32) + rng.normal(0, 60, ink.shape), (0, 0), 4)
    return 255 - cv2.resize(np.uint8(np.where(ink > 110, 255, 0)), (32, 56), interpolation=cv2.INTER_AREA)


def write_sheets(folder, drawn_as, count=6):
    """Sheets of made-up characters; `drawn_as` maps a sheet's character to the glyph that it shows."""
    rng = np.random.default_rng(8)
    for char, shown in drawn_as.items():
        sheet = np.full((56, 640), 255, np.uint8)
        for i in range(count):
            sheet[:, 32 * i:32 * i + 32] = seen_from_somewhere(rng, shown)
        cv2.imwrite(os.path.join(folder, char + ".png"), sheet)
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as out:
        json.dump({"count": {c: count for c in drawn_as}}, out)


class Check(unittest.TestCase):
    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.folder = keep.name

    def test_a_face_that_is_right_passes(self):
        write_sheets(self.folder, {c: c for c in "0123456789ABDGHKMNRSWXYZ"})
        rows, means = glyph_check.compare(glyph_check.read_sheets(self.folder))
        self.assertEqual(glyph_check.faults(rows), [])
        self.assertEqual({r["n"] for r in rows.values()}, {6})
        self.assertEqual(glyph_check.overlay(means).dtype, np.uint8)

    def test_a_glyph_that_is_drawn_wrongly_is_named(self):
        write_sheets(self.folder, {c: c for c in "0123456789"} | {"E": "F"})
        rows, _ = glyph_check.compare(glyph_check.read_sheets(self.folder))
        self.assertEqual(rows["E"]["rival"], "F")
        self.assertTrue(any(fault.startswith("E:") for fault in glyph_check.faults(rows)))

    def test_o_counts_as_nought(self):
        write_sheets(self.folder, {"O": "O", "0": "0"})
        rows, _ = glyph_check.compare(glyph_check.read_sheets(self.folder))
        self.assertEqual((list(rows), rows["0"]["n"]), (["0"], 12))

    def test_a_sheet_that_is_missing_is_named(self):
        write_sheets(self.folder, {"A": "A"})
        os.remove(os.path.join(self.folder, "A.png"))
        with self.assertRaisesRegex(OSError, "A.png"):
            glyph_check.read_sheets(self.folder)


class Face(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(os.path.join(SHEETS, "index.json")),
                         f"no sheets of real characters in {os.path.normpath(SHEETS)}; ANPRD_DATA names the folder of glyphs-uk")
    def test_every_glyph_is_that_of_the_plates_on_the_road(self):
        rows, _ = glyph_check.compare(glyph_check.read_sheets(SHEETS))
        self.assertEqual(glyph_check.faults(rows), [])
        self.assertEqual(len(rows), 33)  # all but Q, which the sheets lack, O and I

    def test_the_face_in_the_repository_is_the_one_drawn_here(self):
        with open(os.path.join(ROOT, "models", "uk-face.json"), encoding="utf-8") as source:
            self.assertEqual(json.load(source), json.loads(json.dumps(face.face_json())))


if __name__ == "__main__":
    unittest.main()
