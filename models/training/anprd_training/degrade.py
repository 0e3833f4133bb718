"""What weather and a camera do to a plate.

Three stages, each usable alone: `weather` (on the flat plate: dirt, screws, stickers, fat or
thin print), `place` (the plate in perspective before some background, at a camera's resolution)
and `camera` (on the picture or the finished crop: blur, noise, glare, gamma, JPEG).
All images are grey uint8; every effect has a chance, so that plain samples stay common.
"""
import cv2
import numpy as np

from . import crop


def _u(rng, low, high):
    return float(rng.uniform(low, high))


def weather(rng, image):
    """Wear of the flat plate (uint8 [H, W], about 1 pixel a mm). Returns a new image."""
    image = image.copy()
    h, w = image.shape
    if rng.random() < 0.25:  # spread or worn print
        k = int(rng.integers(2, 5))
        kernel = np.ones((k, k), np.uint8)
        image = cv2.erode(image, kernel) if rng.random() < 0.6 else cv2.dilate(image, kernel)
    if rng.random() < 0.45:  # screws and their caps, dark or bright, anywhere near the middle height
        dark = rng.random() < 0.6
        y = h * _u(rng, 0.12, 0.88)
        for x in (w * _u(rng, 0.05, 0.4), w * _u(rng, 0.6, 0.95)):
            if rng.random() < 0.8:
                grey = int(rng.integers(0, 90) if dark else rng.integers(120, 256))
                cv2.circle(image, (int(x), int(y)), int(h * _u(rng, 0.025, 0.065)), grey, -1, cv2.LINE_AA)
    if rng.random() < 0.1:  # sticker
        x, y, r = int(w * rng.random()), int(h * rng.random()), int(h * _u(rng, 0.06, 0.14))
        if rng.random() < 0.5:
            cv2.circle(image, (x, y), r, int(rng.integers(0, 256)), -1)
        else:
            cv2.rectangle(image, (x - r, y - r), (x + r, y + r), int(rng.integers(0, 256)), -1)
    if rng.random() < 0.14:  # dirt: soft patches, mostly towards the lower edge
        patches = rng.random((int(rng.integers(3, 7)), int(rng.integers(4, 14)))).astype(np.float32)
        patches = cv2.resize(patches, (w, h), interpolation=cv2.INTER_CUBIC)
        alpha = np.clip((patches - _u(rng, 0.45, 0.8)) * 2, 0, _u(rng, 0.3, 0.75))
        image = (image * (1 - alpha) + _u(rng, 30, 150) * alpha).astype(np.uint8)
    if rng.random() < 0.12:  # a shadow's straight edge
        a = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
        x0, x1 = rng.uniform(-0.2, 1.2, 2) * w
        shade = np.full((h, w), 1.0, np.float32)
        side = np.array([[x0, 0], [x1, h], [a[1, 0], h], [a[1, 0], 0]]) if rng.random() < 0.5 else np.array(
            [[0, h * rng.random()], [w, h * rng.random()], [w, 0], [0, 0]])
        cv2.fillPoly(shade, [side.astype(np.int32)], _u(rng, 0.3, 0.75))
        image = (image * shade).astype(np.uint8)
    if rng.random() < 0.08:  # frame over the edge, towbar or cable before the plate
        if rng.random() < 0.75:
            t = int(h * _u(rng, 0.02, 0.08))
            grey = int(rng.integers(0, 200))
            image[h - t:] = grey
            if rng.random() < 0.5:
                image[:t] = grey
        else:
            x = int(w * rng.random())
            cv2.line(image, (x, 0), (x + int(rng.integers(-30, 30)), h), int(rng.integers(0, 200)), int(rng.integers(2, 8)))
    return image


def _background(rng, h, w, paper):
    """Something like a bumper behind the plate: a gradient with bars, bright or dark."""
    night = rng.random() < 0.3
    level = _u(rng, 0, 45) if night else _u(rng, 10, 245)
    image = np.full((h, w), level, np.float32)
    if rng.random() < 0.7:
        image += np.linspace(-1, 1, h, dtype=np.float32)[:, None] * _u(rng, -50, 50)
        image += np.linspace(-1, 1, w, dtype=np.float32)[None] * _u(rng, -30, 30)
    image = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 5))):
        grey = int(np.clip(level + rng.normal(0, 15 if night else 60), 0, 255))
        if rng.random() < 0.6:
            y = int(rng.integers(0, h))
            cv2.line(image, (0, y), (w, y + int(rng.integers(-4, 5))), grey, int(rng.integers(1, 7)))
        else:
            x, y = int(rng.integers(0, w)), int(rng.integers(0, h))
            cv2.rectangle(image, (x, y), (x + int(rng.integers(4, w)), y + int(rng.integers(2, h))), grey, -1)
    return image


def place(rng, plate_image, aspect, height_px, slant=1.0):
    """The plate seen in perspective at a camera's resolution.

    height_px: height of the plate in the picture; slant: times the usual slope and lean.  Returns
    (picture uint8, corners [4,2]).
    """
    squeeze = _u(rng, 0.72, 1.05) if rng.random() < 0.5 else 1.0  # seen from the side: narrower
    w, h = height_px * aspect * squeeze, height_px
    pad_x, pad_y = 0.22 * w + 3, 0.5 * h + 3
    shear = np.clip(slant * rng.normal(0, 0.06), -0.25, 0.25)  # slope of the long edges
    lean = np.clip(slant * rng.normal(0, 0.08), -0.3, 0.3)
    quad = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64) - (w / 2, h / 2)
    quad = quad @ np.array([[1, shear], [lean, 1]])
    if rng.random() < 0.5:
        quad[[0, 3] if rng.random() < 0.5 else [1, 2], 1] *= _u(rng, 0.82, 1.0)
    quad += rng.normal(0, 0.012, (4, 2)) * (h * 2, h)
    low = quad.min(0) - (pad_x, pad_y)
    quad -= low - rng.random(2)
    size = np.ceil(quad.max(0) + (pad_x, pad_y)).astype(int)
    ph, pw = plate_image.shape
    # Supersample: warp at a finer scale where the plate shrinks much, then average.
    n = int(np.clip(round(ph / max(h, 1.0)), 1, 4))
    target = np.float32(quad * n) - 0.5
    m = cv2.getPerspectiveTransform(np.float32([[0, 0], [pw, 0], [pw, ph], [0, ph]]) - 0.5, target)
    picture = _background(rng, size[1], size[0], 0)
    if n > 1:
        picture = cv2.resize(picture, (size[0] * n, size[1] * n), interpolation=cv2.INTER_NEAREST)
    cv2.warpPerspective(plate_image, m, (size[0] * n, size[1] * n), dst=picture, flags=cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_TRANSPARENT)
    if n > 1:
        picture = cv2.resize(picture, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    return picture, quad


def motion_kernel(length, angle):
    """Line of the given length (pixels) and angle (radians) as a normalised kernel."""
    k = int(length) | 1
    k = max(3, k + 2)
    image = np.zeros((k, k), np.uint8)
    c, d = (k - 1) / 2, length / 2
    p = [int((c + s * d * f) * 16) for s in (-1, 1) for f in (np.cos(angle), np.sin(angle))]
    cv2.line(image, (p[0], p[1]), (p[2], p[3]), 255, 1, cv2.LINE_AA, 4)
    total = float(image.sum())
    return image.astype(np.float32) / total if total > 0 else None


def camera(rng, image, char_px, strength=1.0):
    """Optics, exposure, noise and coding of a small picture or crop.

    char_px: height of a character in pixels; blur is limited by it, so that most stays readable.
    strength scales the chances (1 for drawn plates, about 0.5 for real ones).
    """
    s = strength
    h = char_px
    out = image
    if rng.random() < 0.16 * s:  # infrared at night: retroreflective paper near white, all else near black
        gain, knee = _u(rng, 1.2, 2.4), _u(rng, 40, 120)
        out = cv2.addWeighted(out, gain, out, 0, -knee * (gain - 0.7))
    if rng.random() < 0.1 * s:  # bloom: the bright spreads over the dark and thins the strokes
        halo = cv2.GaussianBlur(out, (0, 0), max(0.6, h * _u(rng, 0.04, 0.2)))
        out = cv2.addWeighted(out, 1.0, halo, _u(rng, 0.15, 0.6), _u(rng, -50, -10))
    if rng.random() < 0.42 * s:
        out = cv2.GaussianBlur(out, (0, 0), _u(rng, 0.3, max(0.5, min(2.2, h * 0.075))))
    if rng.random() < 0.25 * s:
        kernel = motion_kernel(_u(rng, 1.0, max(1.8, min(8.0, h * 0.24))), rng.normal(0, 0.5) if rng.random() < 0.7 else
                               rng.random() * np.pi)
        if kernel is not None:
            out = cv2.filter2D(out, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    if rng.random() < 0.06 * s:  # glare: a bright soft spot
        yy, xx = np.mgrid[0:out.shape[0], 0:out.shape[1]].astype(np.float32)
        cx, cy = rng.random() * out.shape[1], rng.random() * out.shape[0]
        r = h * _u(rng, 0.3, 1.2)
        out = np.clip(out + _u(rng, 60, 180) * np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / (2 * r * r)), 0, 255).astype(np.uint8)
    gain = 1.0
    if rng.random() < 0.6 * s:  # exposure and contrast, down to very flat
        gain = _u(rng, 0.25, 1.2)
        table = np.arange(256) / 255
        table = table ** np.exp(np.clip(rng.normal(0, 0.4), -0.9, 0.9)) * gain * 255 + _u(rng, 0, 255 * max(0.0, 1 - gain))
        out = cv2.LUT(out, np.clip(table, 0, 255).astype(np.uint8))
    if rng.random() < 0.55 * s:
        sigma = (_u(rng, 1, 12) if rng.random() < 0.85 else _u(rng, 10, 24)) * min(1.0, gain + 0.15)
        noise = rng.standard_normal(out.shape, np.float32)
        if rng.random() < 0.3:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 1.8
        out = cv2.add(out, noise * sigma, dtype=cv2.CV_8U)
    if rng.random() < 0.15 * s:  # in-camera sharpening
        soft = cv2.GaussianBlur(out, (0, 0), 1.0)
        a = _u(rng, 0.3, 1.5)
        out = cv2.addWeighted(out, 1 + a, soft, -a, 0)
    if rng.random() < 0.35 * s:
        quality = int(rng.integers(20, 90))
        out = cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)
    return out


def plate_crop(rng, plate, jitter_amount=0.035, slant=1.0, largest_px=60.0):
    """A drawn Plate as the reader sees it: uint8 [48, 160].

    The height of a character is 8 to `largest_px` pixels, mostly over 12.
    """
    lines = len(plate.line_texts)
    low = 8.0 if rng.random() < 0.1 else 11.0
    char_px = low * (largest_px / low) ** (rng.random() ** 1.5)
    height_px = min(char_px * 1.4 * lines, 110.0)
    picture, corners = place(rng, weather(rng, plate.image), plate.aspect, height_px, slant)
    picture = camera(rng, picture, char_px)
    if rng.random() < 0.3:  # a detector that has mostly seen upright boxes follows slopes only in part
        low, high = corners.min(0), corners.max(0)
        box = crop.box_corners((*low, *(high - low)))
        corners = corners + (box - corners) * rng.random()
    return crop.crop_plate(picture, crop.jitter(rng, corners, jitter_amount))
