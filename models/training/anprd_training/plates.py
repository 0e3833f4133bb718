"""Flat, clean, grey pictures of number plates, with their text.

`draw_plate(rng)` is the door: a random plate, UK or foreign, at 1 pixel a millimetre.  What a
camera does to it (perspective, blur, night) is the business of degrade.py.

Measures of UK plates (mm): characters 79 high, 50 wide (1 and I 14), stroke 14, gap 11, gap
between groups 33, margin 11, plate 520 x 111 or 285 x 203; on motorcycles 64 / 44 / 10 high, wide
and gap with 30 between groups.  In near infrared white and yellow plates look alike, so paper is
only a grey level here.
"""
from dataclasses import dataclass

import cv2
import numpy as np

from . import face, fonts, marks, parts


@dataclass
class Plate:
    """image: uint8 [H, W]; text: lines joined; line_texts: 1 or 2 strings; aspect: width / height."""

    image: np.ndarray
    text: str
    line_texts: list
    aspect: float
    kind: str
    boxes: list  # per line a list of (x0, y0, x1, y1) of the character boxes, pixels


@dataclass
class Spec:
    """Measures of UK lettering in mm."""

    height: float = 79.0
    width: float = 50.0
    gap: float = 11.0
    group_gap: float = 33.0
    margin: float = 11.0


CAR = Spec()
MOTORCYCLE = Spec(64.0, 44.0, 10.0, 30.0, 11.0)


def text_width(groups, spec, char_width):
    """Width in mm of one line: characters, gaps between them, wider gaps between groups."""
    count = sum(len(g) for g in groups)
    total = sum(char_width(c) for g in groups for c in g)
    return total + spec.gap * (count - len(groups)) + spec.group_gap * (len(groups) - 1)


def draw_uk(rng, groups=None, layout=None, compliant=None):
    """A UK plate. groups, layout ('line', 'square', 'motorcycle') and compliant may be fixed.

    Compliant plates have the mandated face and spacing exactly; others have wrong spacing,
    wrong grouping, italics, thin or fat strokes or another font.
    """
    kind = "given"
    if groups is None:
        kind, groups = marks.uk_mark(rng)
    if layout is None:
        p = rng.random()
        layout = "line" if p < 0.8 else "square" if p < 0.93 else "motorcycle"
    if compliant is None:
        compliant = parts.chance(rng, 0.72)
    spec = Spec(**vars(MOTORCYCLE if layout == "motorcycle" else CAR))
    narrow = spec.width / face.WIDTH
    scale_char, path = 1.0, None
    if not compliant:
        if parts.chance(rng, 0.55):
            spec.gap *= parts.uniform(rng, 0.55, 1.4)
            spec.group_gap = spec.gap * parts.uniform(rng, 1.0, 3.4)
        if parts.chance(rng, 0.3):
            text = "".join(groups)
            cut = sorted(int(i) for i in rng.integers(1, max(2, len(text)), int(rng.integers(0, 3))))
            groups = [t for t in (text[a:b] for a, b in zip([0] + cut, cut + [len(text)])) if t]
        if parts.chance(rng, 0.3):
            path = fonts.pick_font(rng)
        if parts.chance(rng, 0.35):
            scale_char = parts.uniform(rng, 0.8, 1.08)
    lines = [groups]
    if layout != "line" and len("".join(groups)) > 2:
        if len(groups) == 1:
            half = (len(groups[0]) + 1) // 2
            groups = [groups[0][:half], groups[0][half:]]
        cut = len(groups) - 1 if len(groups) < 3 else int(rng.integers(1, len(groups)))
        lines = [groups[:cut], groups[cut:]]

    def char_width(c):
        if path is not None:
            g = fonts.glyph(path, c)
            return min(spec.height * g.shape[1] / g.shape[0], spec.width * 1.1) * scale_char
        return face.glyph_width(c) * narrow * scale_char

    widths = [text_width(line, spec, char_width) for line in lines]
    body = max(widths) + 2 * spec.margin
    if layout == "line":
        height = 111.0
        width = 520.0 if body <= 520 and parts.chance(rng, 0.88) else max(body + parts.uniform(rng, 0, 60), 180.0)
        if body > 520 and not compliant:
            width = body
    elif layout == "square":
        height, width = 203.0, max(285.0, body)
    else:
        height, width = 2 * spec.height + 3 * 12.0, max(body, 180.0) + parts.uniform(rng, 0, 40)
    # A band only where there is room for it beside the text, as on real plates.
    room = width - max(widths) - spec.margin
    band = 0.0
    if room > 45 and parts.chance(rng, 0.45):
        band = min(parts.uniform(rng, 38, 52), room - 5)
    right = band > 0 and parts.chance(rng, 0.06)

    paper, ink = int(rng.integers(150, 256)), int(rng.integers(0, 80))
    inverted = kind in ("dateless", "suffix", "military", "given") and parts.chance(rng, 0.12)
    if inverted:
        paper, ink = int(rng.integers(0, 60)), int(rng.integers(150, 256))
    image = np.full((int(round(height)), int(round(width))), paper, np.uint8)
    mask = np.zeros_like(image)
    lettering = parts.Lettering(path)
    boxes = []
    free0, free1 = (0.0, width - band) if right else (band, width)
    centre = (free0 + free1) / 2 if parts.chance(rng, 0.75) or band == 0 else width / 2
    used = spec.height * len(lines)
    between = 19.0 if layout == "square" else 12.0
    y = (height - used - between * (len(lines) - 1)) / 2
    for line, w in zip(lines, widths):
        x = float(np.clip(centre - w / 2, free0 + 3, max(free0 + 3, free1 - w - 3)))
        if layout != "line" and parts.chance(rng, 0.2):
            x = free0 + spec.margin
        boxes.append(parts.draw_line(mask, lettering, line, spec, char_width, x, y))
        y += spec.height + between
    if band:
        parts.band(rng, image, free1 if right else 0, width if right else band, ink, paper)
    if not compliant and parts.chance(rng, 0.15):
        lean = parts.uniform(rng, -0.2, 0.2)
        m = np.float32([[1, lean, -lean * height / 2], [0, 1, 0]])
        mask = cv2.warpAffine(mask, m, (mask.shape[1], mask.shape[0]))
    if parts.chance(rng, 0.25):
        t = int(rng.integers(2, 5))
        inset = int(rng.integers(1, 6))
        cv2.rectangle(image, (inset, inset), (image.shape[1] - inset - 1, image.shape[0] - inset - 1), ink, t)
    if parts.chance(rng, 0.5):
        parts.caption(rng, image, width * 0.25, height - 13, width * 0.75, height - 13 + parts.uniform(rng, 6, 11), ink)
    parts.ink(rng, image, mask, ink)
    texts = ["".join(line) for line in lines]
    return Plate(image, "".join(texts), texts, width / height, "uk-" + kind, boxes)


def draw_foreign(rng):
    """A plate in a common foreign layout with one of the packaged fonts."""
    groups = marks.foreign_mark(rng)
    text = "".join(groups)
    two = len(text) >= 4 and len(groups) > 1 and parts.chance(rng, 0.24)
    path = fonts.pick_font(rng)
    height = 110.0
    lines = [groups]
    if two:
        height = parts.uniform(rng, 150, 220)
        cut = int(rng.integers(1, len(groups)))
        lines = [groups[:cut], groups[cut:]]
    # Rows for captions above and below, as on American and Asian plates.
    top = parts.uniform(rng, 0.1, 0.25) * height if parts.chance(rng, 0.28) else parts.uniform(rng, 0.06, 0.17) * height
    bottom = parts.uniform(rng, 0.1, 0.25) * height if parts.chance(rng, 0.28) else parts.uniform(rng, 0.06, 0.17) * height
    loose = not two and parts.chance(rng, 0.12)  # small characters in the middle of a large plate
    if loose:
        top, bottom = (max(v, parts.uniform(rng, 0.2, 0.36) * height) for v in (top, bottom))
    between = height * parts.uniform(rng, 0.04, 0.1) if two else 0.0
    char_h = (height - top - bottom - between) / len(lines)
    gap = char_h * parts.uniform(rng, 0.07, 0.26)
    spec = Spec(char_h, 0, gap, gap + char_h * parts.uniform(rng, 0.1, 0.8), 0)
    stretch = parts.uniform(rng, 0.72, 1.15) if parts.chance(rng, 0.85) else parts.uniform(rng, 1.1, 1.6)
    cell = char_h * parts.uniform(rng, 0.42, 0.65)
    fixed = parts.chance(rng, 0.3)  # fixed cells: a narrow 1 stands in the middle of its cell
    # Now and then the last group of a line (a region or a year) is smaller and raised.
    small_line = lines[0] if two else lines[-1]
    small = 0.0
    if len(small_line) > 1 and len(small_line[-1]) <= 3 and parts.chance(rng, 0.3 if two else 0.07):
        small = char_h * parts.uniform(rng, 0.5, 0.8)

    def char_width(c):
        g = fonts.glyph(path, c)
        natural = char_h * g.shape[1] / g.shape[0] * stretch
        return min(natural, cell) if fixed else natural

    def advance(c):
        return cell if fixed else char_width(c)

    widths = [text_width(line, spec, advance) for line in lines]
    margin = char_h * (parts.uniform(rng, 0.5, 2.2) if loose else parts.uniform(rng, 0.1, 0.5))
    band_left = height * parts.uniform(rng, 0.3, 0.45) if parts.chance(rng, 0.5) else 0.0
    band_right = height * parts.uniform(rng, 0.3, 0.45) if parts.chance(rng, 0.1) else 0.0
    width = max(max(widths) + 2 * margin + band_left + band_right, height * parts.uniform(rng, 1.2, 2.0))

    paper, ink = int(rng.integers(130, 256)), int(rng.integers(0, 110))
    if parts.chance(rng, 0.17):
        paper, ink = int(rng.integers(0, 70)), int(rng.integers(130, 256))
    if abs(paper - ink) < 60:
        ink = max(0, paper - 90)
    image = np.full((int(round(height)), int(round(width))), paper, np.uint8)
    h, w = image.shape
    if parts.chance(rng, 0.1):  # printed background picture
        ramp = np.linspace(-1, 1, w, dtype=np.float32)[None] * rng.uniform(-40, 40)
        ramp = ramp + np.linspace(-1, 1, h, dtype=np.float32)[:, None] * rng.uniform(-40, 40)
        image = np.clip(image + ramp, 0, 255).astype(np.uint8)
    if band_left:
        parts.band(rng, image, 0, band_left, ink, paper)
    if band_right:
        parts.band(rng, image, w - band_right, w, ink, paper)
    mask = np.zeros_like(image)
    lettering = parts.Lettering(path)
    separator = rng.random()
    boxes = []
    y = top
    for line, line_width in zip(lines, widths):
        room = w - band_left - band_right - line_width
        x = band_left + room * (0.5 if parts.chance(rng, 0.75) else parts.uniform(rng, 0.1, 0.9))
        row = []
        for g, group in enumerate(line):
            if g:
                middle, wide = x - gap + (spec.group_gap) / 2, spec.group_gap
                parts.separator(rng, image, mask, separator, middle, y, wide, char_h, ink, paper)
                x += spec.group_gap - gap
            for char in group:
                cw, aw = char_width(char), advance(char)
                last = small and g == len(line) - 1 and line is small_line
                hh = small if last else char_h
                if last:
                    cw *= small / char_h
                yy = y + (char_h - hh) * (0.0 if last and separator < 0.5 else 0.5)
                lettering.draw(mask, char, x + (aw - cw) / 2, yy, cw, hh)
                row.append((x, yy, x + aw, yy + hh))
                x += aw + gap
        boxes.append(row)
        y += char_h + between
    if parts.chance(rng, 0.45):
        t, inset = int(rng.integers(1, 5)), int(rng.integers(0, 7))
        cv2.rectangle(image, (inset, inset), (w - inset - 1, h - inset - 1), ink, t)
    if top > 0.1 * height and parts.chance(rng, 0.4 if loose else 0.8):
        parts.caption(rng, image, band_left + w * 0.1, top * 0.15, w * 0.9 - band_right, top * parts.uniform(rng, 0.6, 0.85), ink)
    if bottom > 0.1 * height and parts.chance(rng, 0.4 if loose else 0.8):
        parts.caption(rng, image, band_left + w * 0.1, h - bottom * parts.uniform(rng, 0.65, 0.88), w * 0.9 - band_right,
                 h - bottom * 0.1, ink)
    parts.ink(rng, image, mask, ink)
    texts = ["".join(line) for line in lines]
    return Plate(image, text, texts, w / h, "foreign", boxes)


def draw_plate(rng, uk_share=0.6):
    """A random plate; `uk_share` of them are British."""
    return draw_uk(rng) if parts.chance(rng, uk_share) else draw_foreign(rng)
