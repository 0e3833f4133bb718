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

from . import face, fonts, marks


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


def _uniform(rng, low, high):
    return float(rng.uniform(low, high))


def _chance(rng, p):
    return rng.random() < p


def _paste(canvas, mask, value):
    """Blend grey `value` into the canvas where the mask (uint8, same size view) says so."""
    solid = np.full_like(canvas, value)
    a = cv2.multiply(mask, 1.0, scale=1 / 255, dtype=cv2.CV_32F)
    canvas[...] = cv2.blendLinear(solid, np.ascontiguousarray(canvas), a, 1 - a)


def _caption(rng, image, x0, y0, x1, y1, value):
    """A small caption (dealer, state, standard number) squeezed into a box."""
    text = "".join("ABCDEFGHIKLMNOPRSTUVWY 0123456789.:/"[i] for i in rng.integers(0, 36, int(rng.integers(4, 22)))) \
        if _chance(rng, 0.3) else _CAPTIONS[int(rng.integers(0, len(_CAPTIONS)))]
    w, h = int(x1 - x0), int(y1 - y0)
    if w < 10 or h < 4:
        return
    mask = fonts.word(fonts.pick_font(rng), text)
    wide = min(w, int(mask.shape[1] * h / mask.shape[0] * _uniform(rng, 0.8, 1.5)))
    mask = cv2.resize(mask, (max(4, wide), h), interpolation=cv2.INTER_AREA)
    x = int(x0 + (w - mask.shape[1]) * (0.5 if _chance(rng, 0.6) else rng.random()))
    view = image[int(y0):int(y0) + h, x:x + mask.shape[1]]
    _paste(view, mask[:view.shape[0], :view.shape[1]], value)


_CAPTIONS = [
    "CITY MOTORS", "ISLAMABAD", "ICT-ISLAMABAD", "SINDH", "PUNJAB", "CALIFORNIA", "NEW YORK", "FLORIDA", "SAO PAULO",
    "DUBAI", "ONTARIO", "DELAWARE", "TEXAS", "GARDEN STATE", "SUNSHINE STATE", "BS AU 145e", "BS AU 145d AB1 2CD",
    "www.cars.example", "The Premier Garage", "RUS", "ROSSIYA", "QLD", "VICTORIA", "CUBA", "Autohaus Nord",
    "yours to discover", "11 18", "JAN 2016", "KSA", "QATAR", "BR", "CURITIBA", "RIO DE JANEIRO", "AUTO PLUS",
]


def _emblem(rng, image, cx, cy, radius, ink, paper):
    """A round seal, sticker or coat of arms: bright or dark, sometimes with a blob inside."""
    value = int(rng.integers(20, 256))
    axes = (max(1, int(radius * _uniform(rng, 0.7, 1.0))), max(1, int(radius)))
    cv2.ellipse(image, (int(cx), int(cy)), axes, 0, 0, 360, value, -1, cv2.LINE_AA)
    if _chance(rng, 0.6):
        cv2.ellipse(image, (int(cx), int(cy)), axes, 0, 0, 360, ink, 2, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        ox, oy = rng.uniform(-0.6, 0.6, 2) * radius
        cv2.circle(image, (int(cx + ox), int(cy + oy)), max(1, int(radius * _uniform(rng, 0.15, 0.5))),
                   int(rng.integers(20, 256)), -1, cv2.LINE_AA)


def _band(rng, image, x0, x1, ink, paper):
    """A side band (GB, UK, country) from x0 to x1: any grey level, also as bright as the plate,
    with a ring of stars, a flag or an emblem above and small letters below."""
    h = image.shape[0]
    x0, x1 = int(x0), int(x1)
    w = x1 - x0
    if w < 6:
        return
    kind = rng.random()
    value = int(rng.integers(20, 130)) if kind < 0.6 else int(rng.integers(130, 256)) if kind < 0.85 else paper
    image[:, x0:x1] = value
    mark = int(np.clip(value + rng.choice([-1, 1]) * rng.integers(50, 200), 0, 255))
    cx, r = (x0 + x1) / 2, w * _uniform(rng, 0.22, 0.36)
    if _chance(rng, 0.55):
        cy = h * _uniform(rng, 0.25, 0.4)
        for t in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            cv2.circle(image, (int(cx + r * np.cos(t)), int(cy + r * np.sin(t))), max(1, w // 18), mark, -1)
    elif _chance(rng, 0.6):
        y0, y1 = int(h * 0.15), int(h * 0.45)
        image[y0:y1, x0 + w // 8: x1 - w // 8] = mark
        if _chance(rng, 0.7):
            cv2.line(image, (x0 + w // 8, y0), (x1 - w // 8, y1), value, max(1, w // 10))
            cv2.line(image, (x0 + w // 8, y1), (x1 - w // 8, y0), value, max(1, w // 10))
    else:
        _emblem(rng, image, cx, h * 0.3, w * 0.36, mark, value)
    if _chance(rng, 0.85):
        code = "".join(chr(65 + int(i)) for i in rng.integers(0, 26, int(rng.integers(1, 4))))
        if _chance(rng, 0.5):
            code = ("GB", "UK", "D", "NL", "F", "PL", "CZ", "SK", "I", "E", "B", "RO", "NI")[int(rng.integers(0, 13))]
        mask = fonts.word(fonts.pick_font(rng), code)
        mask = cv2.resize(mask, (max(3, int(w * (0.3 + 0.15 * len(code)))), max(4, int(h * _uniform(rng, 0.16, 0.28)))),
                          interpolation=cv2.INTER_AREA)
        y, x = int(h * _uniform(rng, 0.6, 0.7)), int(cx - mask.shape[1] / 2)
        view = image[y:y + mask.shape[0], max(0, x):x + mask.shape[1]]
        _paste(view, mask[:view.shape[0], :view.shape[1]], mark)


class _Lettering:
    """Draws characters of one face into a mask: the UK face as polygons, others as bitmaps."""

    def __init__(self, rng, path=None):
        self.path = path
        self.grow = 0

    def draw(self, mask, char, x, y, w, h):
        if self.path is None:
            face.draw_glyph(mask, char, x, y, w / face.glyph_width(char), h / face.HEIGHT)
            return
        glyph = fonts.glyph(self.path, char)
        x0, y0, w, h = int(round(x)), int(round(y)), max(2, int(round(w))), max(4, int(round(h)))
        glyph = cv2.resize(glyph, (w, h), interpolation=cv2.INTER_AREA)
        view = mask[max(0, y0):y0 + h, max(0, x0):x0 + w]
        glyph = glyph[max(0, -y0):, max(0, -x0):]
        np.maximum(view, glyph[:view.shape[0], :view.shape[1]], out=view)


def _draw_line(mask, lettering, groups, spec, char_width, x, y):
    """Draw one line with its top left at (x, y); returns the character boxes."""
    boxes = []
    for g, group in enumerate(groups):
        if g:
            x += spec.group_gap - spec.gap
        for char in group:
            w = char_width(char)
            lettering.draw(mask, char, x, y, w, spec.height)
            boxes.append((x, y, x + w, y + spec.height))
            x += w + spec.gap
    return boxes


def _ink(rng, image, mask, ink):
    """Put the lettering on the plate; some of it raised or gel-like with a lit edge."""
    if _chance(rng, 0.1):
        d = int(rng.integers(1, 4))
        lit = np.roll(mask, (int(rng.integers(-d, d + 1)), int(rng.integers(-d, d + 1))), (0, 1))
        _paste(image, lit, int(rng.integers(0, 256)) if _chance(rng, 0.5) else int(np.clip(ink + 90, 0, 255)))
    _paste(image, mask, ink)


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
        compliant = _chance(rng, 0.72)
    spec = Spec(**vars(MOTORCYCLE if layout == "motorcycle" else CAR))
    narrow = spec.width / face.WIDTH
    scale_char, path = 1.0, None
    if not compliant:
        if _chance(rng, 0.55):
            spec.gap *= _uniform(rng, 0.55, 1.4)
            spec.group_gap = spec.gap * _uniform(rng, 1.0, 3.4)
        if _chance(rng, 0.3):
            text = "".join(groups)
            cut = sorted(int(i) for i in rng.integers(1, max(2, len(text)), int(rng.integers(0, 3))))
            groups = [t for t in (text[a:b] for a, b in zip([0] + cut, cut + [len(text)])) if t]
        if _chance(rng, 0.3):
            path = fonts.pick_font(rng)
        if _chance(rng, 0.35):
            scale_char = _uniform(rng, 0.8, 1.08)
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
        width = 520.0 if body <= 520 and _chance(rng, 0.88) else max(body + _uniform(rng, 0, 60), 180.0)
        if body > 520 and not compliant:
            width = body
    elif layout == "square":
        height, width = 203.0, max(285.0, body)
    else:
        height, width = 2 * spec.height + 3 * 12.0, max(body, 180.0) + _uniform(rng, 0, 40)
    # A band only where there is room for it beside the text, as on real plates.
    room = width - max(widths) - spec.margin
    band = 0.0
    if room > 45 and _chance(rng, 0.45):
        band = min(_uniform(rng, 38, 52), room - 5)
    right = band > 0 and _chance(rng, 0.06)

    paper, ink = int(rng.integers(150, 256)), int(rng.integers(0, 80))
    inverted = kind in ("dateless", "suffix", "military", "given") and _chance(rng, 0.12)
    if inverted:
        paper, ink = int(rng.integers(0, 60)), int(rng.integers(150, 256))
    image = np.full((int(round(height)), int(round(width))), paper, np.uint8)
    mask = np.zeros_like(image)
    lettering = _Lettering(rng, path)
    boxes = []
    free0, free1 = (0.0, width - band) if right else (band, width)
    centre = (free0 + free1) / 2 if _chance(rng, 0.75) or band == 0 else width / 2
    used = spec.height * len(lines)
    between = 19.0 if layout == "square" else 12.0
    y = (height - used - between * (len(lines) - 1)) / 2
    for line, w in zip(lines, widths):
        x = float(np.clip(centre - w / 2, free0 + 3, max(free0 + 3, free1 - w - 3)))
        if layout != "line" and _chance(rng, 0.2):
            x = free0 + spec.margin
        boxes.append(_draw_line(mask, lettering, line, spec, char_width, x, y))
        y += spec.height + between
    if band:
        _band(rng, image, free1 if right else 0, width if right else band, ink, paper)
    if not compliant and _chance(rng, 0.15):
        lean = _uniform(rng, -0.2, 0.2)
        m = np.float32([[1, lean, -lean * height / 2], [0, 1, 0]])
        mask = cv2.warpAffine(mask, m, (mask.shape[1], mask.shape[0]))
    if _chance(rng, 0.25):
        t = int(rng.integers(2, 5))
        inset = int(rng.integers(1, 6))
        cv2.rectangle(image, (inset, inset), (image.shape[1] - inset - 1, image.shape[0] - inset - 1), ink, t)
    if _chance(rng, 0.5):
        _caption(rng, image, width * 0.25, height - 13, width * 0.75, height - 13 + _uniform(rng, 6, 11), ink)
    _ink(rng, image, mask, ink)
    texts = ["".join(line) for line in lines]
    return Plate(image, "".join(texts), texts, width / height, "uk-" + kind, boxes)


def draw_foreign(rng):
    """A plate in a common foreign layout with one of the packaged fonts."""
    groups = marks.foreign_mark(rng)
    text = "".join(groups)
    two = len(text) >= 4 and len(groups) > 1 and _chance(rng, 0.24)
    path = fonts.pick_font(rng)
    height = 110.0
    lines = [groups]
    if two:
        height = _uniform(rng, 150, 220)
        cut = int(rng.integers(1, len(groups)))
        lines = [groups[:cut], groups[cut:]]
    # Rows for captions above and below, as on American and Asian plates.
    top = _uniform(rng, 0.1, 0.25) * height if _chance(rng, 0.28) else _uniform(rng, 0.06, 0.17) * height
    bottom = _uniform(rng, 0.1, 0.25) * height if _chance(rng, 0.28) else _uniform(rng, 0.06, 0.17) * height
    between = height * _uniform(rng, 0.04, 0.1) if two else 0.0
    char_h = (height - top - bottom - between) / len(lines)
    gap = char_h * _uniform(rng, 0.07, 0.26)
    spec = Spec(char_h, 0, gap, gap + char_h * _uniform(rng, 0.1, 0.8), 0)
    stretch = _uniform(rng, 0.72, 1.15)
    cell = char_h * _uniform(rng, 0.42, 0.65)
    fixed = _chance(rng, 0.3)  # fixed cells: a narrow 1 stands in the middle of its cell
    small = char_h * _uniform(rng, 0.6, 0.8) if len(lines[-1]) > 1 and len(groups[-1]) <= 3 and _chance(rng, 0.07) else 0

    def char_width(c):
        g = fonts.glyph(path, c)
        natural = char_h * g.shape[1] / g.shape[0] * stretch
        return min(natural, cell) if fixed else natural

    def advance(c):
        return cell if fixed else char_width(c)

    widths = [text_width(line, spec, advance) for line in lines]
    margin = char_h * _uniform(rng, 0.1, 0.5)
    band_left = height * _uniform(rng, 0.3, 0.45) if _chance(rng, 0.5) else 0.0
    band_right = height * _uniform(rng, 0.3, 0.45) if _chance(rng, 0.1) else 0.0
    width = max(max(widths) + 2 * margin + band_left + band_right, height * _uniform(rng, 1.2, 2.0))

    paper, ink = int(rng.integers(130, 256)), int(rng.integers(0, 110))
    if _chance(rng, 0.17):
        paper, ink = int(rng.integers(0, 70)), int(rng.integers(130, 256))
    if abs(paper - ink) < 60:
        ink = max(0, paper - 90)
    image = np.full((int(round(height)), int(round(width))), paper, np.uint8)
    h, w = image.shape
    if _chance(rng, 0.1):  # printed background picture
        ramp = np.linspace(-1, 1, w, dtype=np.float32)[None] * rng.uniform(-40, 40)
        ramp = ramp + np.linspace(-1, 1, h, dtype=np.float32)[:, None] * rng.uniform(-40, 40)
        image = np.clip(image + ramp, 0, 255).astype(np.uint8)
    if band_left:
        _band(rng, image, 0, band_left, ink, paper)
    if band_right:
        _band(rng, image, w - band_right, w, ink, paper)
    mask = np.zeros_like(image)
    lettering = _Lettering(rng, path)
    separator = rng.random()
    boxes = []
    y = top
    for line, line_width in zip(lines, widths):
        room = w - band_left - band_right - line_width
        x = band_left + room * (0.5 if _chance(rng, 0.75) else _uniform(rng, 0.1, 0.9))
        row = []
        for g, group in enumerate(line):
            if g:
                middle, wide = x - gap + (spec.group_gap) / 2, spec.group_gap
                _separator(rng, image, mask, separator, middle, y, wide, char_h, ink, paper)
                x += spec.group_gap - gap
            for char in group:
                cw, aw = char_width(char), advance(char)
                last = small and g == len(line) - 1 and line is lines[-1]
                hh = small if last else char_h
                yy = y + (char_h - hh) * (0.0 if last and separator < 0.5 else 0.5)
                lettering.draw(mask, char, x + (aw - cw) / 2, yy, cw, hh)
                row.append((x, yy, x + aw, yy + hh))
                x += aw + gap
        boxes.append(row)
        y += char_h + between
    if _chance(rng, 0.45):
        t, inset = int(rng.integers(1, 5)), int(rng.integers(0, 7))
        cv2.rectangle(image, (inset, inset), (w - inset - 1, h - inset - 1), ink, t)
    if top > 0.1 * height and _chance(rng, 0.8):
        _caption(rng, image, band_left + w * 0.1, top * 0.15, w * 0.9 - band_right, top * _uniform(rng, 0.6, 0.85), ink)
    if bottom > 0.1 * height and _chance(rng, 0.8):
        _caption(rng, image, band_left + w * 0.1, h - bottom * _uniform(rng, 0.65, 0.88), w * 0.9 - band_right,
                 h - bottom * 0.1, ink)
    _ink(rng, image, mask, ink)
    texts = ["".join(line) for line in lines]
    return Plate(image, text, texts, w / h, "foreign", boxes)


def _separator(rng, image, mask, kind, x, y, wide, height, ink, paper):
    """What stands between two groups: nothing, a dash, a dot, a seal or two, scribble."""
    if kind < 0.45:
        return
    if kind < 0.65:
        half = min(wide * 0.3, height * 0.14)
        cv2.rectangle(mask, (int(x - half), int(y + height * 0.45)), (int(x + half), int(y + height * 0.56)), 255, -1)
    elif kind < 0.75:
        cv2.circle(mask, (int(x), int(y + height * (0.5 if kind < 0.72 else 0.92))), max(2, int(height * 0.06)), 255, -1,
                   cv2.LINE_AA)
    elif kind < 0.93:
        r = min(wide * 0.42, height * 0.2)
        _emblem(rng, image, x, y + height * 0.28, r, ink, paper)
        if _chance(rng, 0.8):
            _emblem(rng, image, x, y + height * 0.74, r, ink, paper)
    else:  # strokes that are no Latin character
        points = rng.uniform(-0.45, 0.45, (6, 2)) * (wide * 0.8, height * 0.7) + (x, y + height / 2)
        cv2.polylines(image, [points.astype(np.int32)], False, ink, max(1, int(height * 0.04)), cv2.LINE_AA)


def draw_plate(rng, uk_share=0.6):
    """A random plate; `uk_share` of them are British."""
    return draw_uk(rng) if _chance(rng, uk_share) else draw_foreign(rng)
