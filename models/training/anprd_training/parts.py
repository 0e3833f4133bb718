"""Parts of drawn plates: lettering, side bands, emblems, captions, separators.

Images are grey uint8 [H, W]; lettering goes into a mask of the same size first, so that it can be
slanted or given a lit edge before it is inked.
"""
import cv2
import numpy as np

from . import face, fonts


def uniform(rng, low, high):
    return float(rng.uniform(low, high))


def chance(rng, p):
    return rng.random() < p


def paste(canvas, mask, value):
    """Blend grey `value` into the canvas where the mask (uint8, same size view) says so."""
    solid = np.full_like(canvas, value)
    a = cv2.multiply(mask, 1.0, scale=1 / 255, dtype=cv2.CV_32F)
    canvas[...] = cv2.blendLinear(solid, np.ascontiguousarray(canvas), a, 1 - a)


def caption(rng, image, x0, y0, x1, y1, value):
    """A small caption (dealer, state, standard number) squeezed into a box."""
    text = "".join("ABCDEFGHIKLMNOPRSTUVWY 0123456789.:/"[i] for i in rng.integers(0, 36, int(rng.integers(4, 22)))) \
        if chance(rng, 0.3) else _CAPTIONS[int(rng.integers(0, len(_CAPTIONS)))]
    w, h = int(x1 - x0), int(y1 - y0)
    if w < 10 or h < 4:
        return
    mask = fonts.word(fonts.pick_font(rng), text)
    wide = min(w, int(mask.shape[1] * h / mask.shape[0] * uniform(rng, 0.8, 1.5)))
    mask = cv2.resize(mask, (max(4, wide), h), interpolation=cv2.INTER_AREA)
    x = int(x0 + (w - mask.shape[1]) * (0.5 if chance(rng, 0.6) else rng.random()))
    view = image[int(y0):int(y0) + h, x:x + mask.shape[1]]
    paste(view, mask[:view.shape[0], :view.shape[1]], value)


_CAPTIONS = [
    "CITY MOTORS", "ISLAMABAD", "ICT-ISLAMABAD", "SINDH", "PUNJAB", "CALIFORNIA", "NEW YORK", "FLORIDA", "SAO PAULO",
    "DUBAI", "ONTARIO", "DELAWARE", "TEXAS", "GARDEN STATE", "SUNSHINE STATE", "BS AU 145e", "BS AU 145d AB1 2CD",
    "www.cars.example", "The Premier Garage", "RUS", "ROSSIYA", "QLD", "VICTORIA", "CUBA", "Autohaus Nord",
    "yours to discover", "11 18", "JAN 2016", "KSA", "QATAR", "BR", "CURITIBA", "RIO DE JANEIRO", "AUTO PLUS",
]


def emblem(rng, image, cx, cy, radius, ink, paper):
    """A round seal, sticker or coat of arms: bright or dark, sometimes with a blob inside."""
    value = int(rng.integers(20, 256))
    axes = (max(1, int(radius * uniform(rng, 0.7, 1.0))), max(1, int(radius)))
    cv2.ellipse(image, (int(cx), int(cy)), axes, 0, 0, 360, value, -1, cv2.LINE_AA)
    if chance(rng, 0.6):
        cv2.ellipse(image, (int(cx), int(cy)), axes, 0, 0, 360, ink, 2, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 4))):
        ox, oy = rng.uniform(-0.6, 0.6, 2) * radius
        cv2.circle(image, (int(cx + ox), int(cy + oy)), max(1, int(radius * uniform(rng, 0.15, 0.5))),
                   int(rng.integers(20, 256)), -1, cv2.LINE_AA)


def band(rng, image, x0, x1, ink, paper):
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
    cx, r = (x0 + x1) / 2, w * uniform(rng, 0.22, 0.36)
    if chance(rng, 0.55):
        cy = h * uniform(rng, 0.25, 0.4)
        for t in np.linspace(0, 2 * np.pi, 12, endpoint=False):
            cv2.circle(image, (int(cx + r * np.cos(t)), int(cy + r * np.sin(t))), max(1, w // 18), mark, -1)
    elif chance(rng, 0.6):
        y0, y1 = int(h * 0.15), int(h * 0.45)
        image[y0:y1, x0 + w // 8: x1 - w // 8] = mark
        if chance(rng, 0.7):
            cv2.line(image, (x0 + w // 8, y0), (x1 - w // 8, y1), value, max(1, w // 10))
            cv2.line(image, (x0 + w // 8, y1), (x1 - w // 8, y0), value, max(1, w // 10))
    else:
        emblem(rng, image, cx, h * 0.3, w * 0.36, mark, value)
    if chance(rng, 0.85):
        code = "".join(chr(65 + int(i)) for i in rng.integers(0, 26, int(rng.integers(1, 4))))
        if chance(rng, 0.5):
            code = ("GB", "UK", "D", "NL", "F", "PL", "CZ", "SK", "I", "E", "B", "RO", "NI")[int(rng.integers(0, 13))]
        mask = fonts.word(fonts.pick_font(rng), code)
        mask = cv2.resize(mask, (max(3, int(w * (0.3 + 0.15 * len(code)))), max(4, int(h * uniform(rng, 0.16, 0.28)))),
                          interpolation=cv2.INTER_AREA)
        y, x = int(h * uniform(rng, 0.6, 0.7)), int(cx - mask.shape[1] / 2)
        view = image[y:y + mask.shape[0], max(0, x):x + mask.shape[1]]
        paste(view, mask[:view.shape[0], :view.shape[1]], mark)


class Lettering:
    """Draws characters of one face into a mask: the UK face as polygons, others as bitmaps."""

    def __init__(self, path=None):
        self.path = path

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


def draw_line(mask, lettering, groups, spec, char_width, x, y):
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


def ink(rng, image, mask, ink):
    """Put the lettering on the plate; some of it raised or gel-like with a lit edge."""
    if chance(rng, 0.1):
        d = int(rng.integers(1, 4))
        lit = np.roll(mask, (int(rng.integers(-d, d + 1)), int(rng.integers(-d, d + 1))), (0, 1))
        paste(image, lit, int(rng.integers(0, 256)) if chance(rng, 0.5) else int(np.clip(ink + 90, 0, 255)))
    paste(image, mask, ink)


def separator(rng, image, mask, kind, x, y, wide, height, ink, paper):
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
        emblem(rng, image, x, y + height * 0.28, r, ink, paper)
        if chance(rng, 0.8):
            emblem(rng, image, x, y + height * 0.74, r, ink, paper)
    else:  # strokes that are no Latin character
        points = rng.uniform(-0.45, 0.45, (6, 2)) * (wide * 0.8, height * 0.7) + (x, y + height / 2)
        cv2.polylines(image, [points.astype(np.int32)], False, ink, max(1, int(height * 0.04)), cv2.LINE_AA)
