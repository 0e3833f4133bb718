"""Glyph masks from packaged fonts (see the package list in models/training/README.md).

Used for foreign plates and for non-standard UK ones.  Fonts that are not installed are left
out with a warning, so the generator runs anywhere, but the same seed then draws other plates.
"""
import os
import sys
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = "/usr/share/fonts/"
CAP = 112  # pixels of cap height in the cached masks
CAPTION_CAP = 28  # the same for small captions

# (path, weight).  Condensed grotesques and road faces come near to most national plate faces.
_FONTS = [
    ("truetype/opendin/OSP-DIN.ttf", 4), ("truetype/osifont/osifont.ttf", 1),
    ("truetype/roadgeek/RG2014B.ttf", 2), ("truetype/roadgeek/RG2014C.ttf", 3),
    ("truetype/roadgeek/RG2014D.ttf", 3), ("truetype/roadgeek/RG2014E.ttf", 2),
    ("truetype/roadgeek/RG2014EM.ttf", 2), ("truetype/roadgeek/RG2014F.ttf", 1),
    ("opentype/bebas-neue/BebasNeue-Bold.otf", 2), ("opentype/bebas-neue/BebasNeue-Regular.otf", 2),
    ("opentype/b612/B612-Bold.otf", 1), ("opentype/ocr-b/OCRB.otf", 1), ("truetype/ocr-a/OCRABold.ttf", 1),
    ("opentype/yanone-kaffeesatz/YanoneKaffeesatz-Bold.otf", 1), ("truetype/adf/SwitzeraADF-DmBdCond.otf", 2),
    ("truetype/adf/SwitzeraADF-Bold.otf", 2), ("truetype/adf/UniversalisADFStd-BoldCond.otf", 2),
    ("opentype/national-park/NationalPark-Heavy.otf", 2), ("opentype/national-park/NationalPark-Regular.otf", 1),
    ("opentype/gemunu-libre/GemunuLibre-Bold.otf", 2), ("opentype/gemunu-libre/GemunuLibre-SemiBold.otf", 1),
    ("opentype/play/Play-Bold.otf", 1), ("opentype/dosis/Dosis-Bold.otf", 2), ("opentype/jura/Jura-Bold.otf", 1),
    ("truetype/paratype/PTN77F.ttf", 2), ("truetype/dejavu/DejaVuSansCondensed-Bold.ttf", 2),
    ("truetype/dejavu/DejaVuSansMono-Bold.ttf", 2), ("truetype/dejavu/DejaVuSans-Bold.ttf", 1),
    ("truetype/liberation2/LiberationSans-Bold.ttf", 3),
    ("truetype/liberation2/LiberationSans-Regular.ttf", 2), ("truetype/liberation2/LiberationMono-Bold.ttf", 2),
    ("truetype/liberation2/LiberationSerif-Bold.ttf", 1), ("truetype/freefont/FreeSansBold.ttf", 1),
    ("truetype/roboto/unhinted/RobotoCondensed-Bold.ttf", 2),
    ("truetype/open-sans/OpenSans-CondBold.ttf", 1), ("truetype/hack/Hack-Bold.ttf", 1),
    ("truetype/dejavu/DejaVuSerifCondensed-Bold.ttf", 1),
]


@lru_cache(maxsize=None)
def installed():
    """[(path, cumulative weight)] of the fonts found on this machine."""
    found, total = [], 0
    for path, weight in _FONTS:
        if os.path.exists(ROOT + path):
            total += weight
            found.append((ROOT + path, total))
        else:
            print(f"font not installed, left out: {path}", file=sys.stderr)
    if not found:
        raise RuntimeError("none of the fonts is installed: see models/training/README.md")
    return found


def pick_font(rng):
    """Path of a random font."""
    fonts = installed()
    at = int(rng.integers(0, fonts[-1][1]))
    return next(path for path, upto in fonts if at < upto)


@lru_cache(maxsize=None)
def _face(path, cap=CAP):
    """(font scaled so that H is `cap` pixels high, top of H, baseline) in pixels."""
    font = ImageFont.truetype(path, 200)
    box = font.getbbox("H")
    font = ImageFont.truetype(path, max(8, round(200 * cap / (box[3] - box[1]))))
    box = font.getbbox("H")
    return font, box[1], box[3]


@lru_cache(maxsize=4096)
def glyph(path, char):
    """uint8 mask [CAP, w] of a character, cut to its ink at the sides and to cap height vertically.

    Plates have no descenders: a J or Q that has one is squeezed into cap height (cut off, the
    one would look like I and the other like O).
    """
    font, top, bottom = _face(path)
    left, _, right, _ = font.getbbox(char)
    image = Image.new("L", (max(1, right - left) + 8, bottom + 40), 0)
    ImageDraw.Draw(image).text((4 - left, 0), char, font=font, fill=255)
    mask = np.asarray(image)
    end = int(np.nonzero(mask.max(1) > 64)[0][-1]) + 1
    if end > bottom + 0.06 * CAP:
        mask = cv2.resize(mask[top:end], (mask.shape[1], bottom - top), interpolation=cv2.INTER_AREA)
    else:
        mask = mask[top:bottom]
    columns = np.nonzero(mask.max(0) > 64)[0]
    return np.ascontiguousarray(mask[:, columns[0]: columns[-1] + 1]) if len(columns) else mask


@lru_cache(maxsize=512)
def word(path, text):
    """uint8 mask of a small caption (dealer, state or country names)."""
    font, top, bottom = _face(path, CAPTION_CAP)
    left, _, right, _ = font.getbbox(text)
    image = Image.new("L", (max(1, right - left) + 4, bottom + 10), 0)
    ImageDraw.Draw(image).text((2 - left, 0), text, font=font, fill=255)
    return np.ascontiguousarray(np.asarray(image)[top: bottom + 4])
