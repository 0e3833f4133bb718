"""How a composite is made to look: signs, headlights, infrared night, overlay text, camera faults.

All functions take and return grey images, float32 [H, W] in 0..255 unless they say otherwise, and
draw only from the numpy Generator they are given.
"""
import string

import cv2
import numpy as np

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX,
         cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
# Normal noise is slow to draw; windows of one big sheet at random places are as good here.
_NOISE = np.random.default_rng(77).standard_normal((1024, 1024)).astype(np.float32)


def noise(rng, height, width):
    y, x = rng.integers(0, 1024 - height), rng.integers(0, 1024 - width)
    return _NOISE[y:y + height, x:x + width]


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def random_word(rng, low, high, alphabet):
    return "".join(rng.choice(list(alphabet), int(rng.integers(low, high + 1))))


def put_line(rng, image, text, x, y, height, value, font=None, thickness=None):
    """Write `text` with letters `height` px high, baseline at (x, y); returns its width in px."""
    font = FONTS[rng.integers(len(FONTS))] if font is None else font
    thickness = max(1, round(height / rng.uniform(5, 12))) if thickness is None else thickness
    scale = cv2.getFontScaleFromHeight(font, max(3, int(height)), thickness)
    cv2.putText(image, text, (int(x), int(y)), font, scale, value, thickness, cv2.LINE_AA)
    return cv2.getTextSize(text, font, scale, thickness)[0][0]


def draw_sign(rng):
    """A flat sign that is not a plate, uint8 [h, w]: words, telephone numbers, logos, stripes, nothing.

    Lower case, very long, very short or many-lined: what a plate of one or two lines never is.
    """
    kind = rng.choice(["words", "phone", "logo", "lines", "blank", "stripes"])
    height, width = 90, int(90 * rng.uniform(1.2, 6))
    paper, ink = (int(rng.integers(150, 256)), int(rng.integers(0, 90)))
    if rng.random() < 0.4:
        paper, ink = ink, paper
    sign = np.full((height, width), paper, np.uint8)
    if kind == "words":
        put_line(rng, sign, random_word(rng, 3, 14, string.ascii_lowercase), 6, 64, rng.uniform(20, 50), ink)
    elif kind == "phone":
        sign = np.full((height, 620), paper, np.uint8)
        put_line(rng, sign, random_word(rng, 10, 14, string.digits + " "), 6, 64, rng.uniform(30, 44), ink)
    elif kind == "logo":
        sign = np.full((height, int(height * rng.uniform(0.8, 1.6))), paper, np.uint8)
        put_line(rng, sign, random_word(rng, 1, 2, string.ascii_letters + string.digits), 10, 70, rng.uniform(40, 60), ink)
    elif kind == "lines":
        for row in range(int(rng.integers(3, 6))):
            put_line(rng, sign, random_word(rng, 6, 22, string.ascii_letters + "     "), 4, 16 + row * 18, 11, ink, thickness=1)
    elif kind == "stripes":
        for x in range(-height, width, int(rng.integers(16, 60))):
            cv2.line(sign, (x, height), (x + height, 0), ink, int(rng.integers(4, 20)), cv2.LINE_AA)
    if rng.random() < 0.4:
        cv2.rectangle(sign, (2, 2), (sign.shape[1] - 3, height - 3), ink, 2)
    return sign


def add_headlights(rng, image, quads):
    """Bright discs with a glow, alone or as a pair beside a plate; in place."""
    height, width = image.shape
    spots = []
    for quad in quads:
        if rng.random() < 0.4:
            w = max(8.0, np.ptp(quad[:, 0]))
            centre = quad.mean(0) - (0, w * rng.uniform(-0.1, 0.6))
            reach = w * rng.uniform(0.9, 2.0)
            spots += [(centre[0] - reach, centre[1], w * 0.15), (centre[0] + reach, centre[1], w * 0.15)]
    for _ in range(rng.integers(0, 4)):
        spots.append((rng.uniform(0, width), rng.uniform(0, height), log_uniform(rng, 2, 14)))
    glow = np.zeros((height // 4 + 1, width // 4 + 1), np.float32)
    for x, y, radius in spots:
        cv2.circle(glow, (int(x / 4), int(y / 4)), max(1, int(radius / 4 * rng.uniform(0.7, 1.6))), float(rng.uniform(150, 600)), -1)
    if spots:
        wide = cv2.GaussianBlur(glow, (0, 0), rng.uniform(2, 8)) * rng.uniform(0.3, 1.0)
        glow = cv2.GaussianBlur(glow, (0, 0), 0.8) + wide
        image += cv2.resize(glow, (width, height), interpolation=cv2.INTER_LINEAR)
    return image


def infrared_night(rng, image, quads):
    """The product's cameras at night: an infrared lamp, a dark scene, plates that shine.

    quads: list of float32 [4, 2], the plates to make retroreflective (real or drawn).
    """
    height, width = image.shape
    plates = []
    for quad in quads:
        x0, y0 = np.floor(quad.min(0)).astype(int)
        x1, y1 = np.ceil(quad.max(0)).astype(int)
        x0, y0, x1, y1 = max(0, x0 - 3), max(0, y0 - 3), min(width, x1 + 4), min(height, y1 + 4)
        if x1 - x0 < 4 or y1 - y0 < 4:
            continue
        part = image[y0:y1, x0:x1]
        mask = np.zeros(part.shape, np.float32)
        cv2.fillConvexPoly(mask, np.round((quad - (x0, y0)) * 8).astype(np.int32), 1.0, cv2.LINE_AA, 3)
        low, high = np.percentile(part[mask > 0.5], (5, 90)) if (mask > 0.5).sum() > 8 else (0, 255)
        # A lamp that is too strong washes the letters out; one that is too weak leaves a grey plate.
        shine = rng.uniform(90, 330)
        ink = shine * rng.uniform(0.02, 0.55)
        bright = ink + (part - low) / max(12.0, high - low) * (shine - ink)
        plates.append((y0, y1, x0, x1, cv2.GaussianBlur(mask, (0, 0), 0.7), np.clip(bright, 0, 400)))
    gamma = rng.uniform(1.0, 2.0)
    out = np.power(np.clip(image, 0, 255) * (1 / 255.0), gamma, dtype=np.float32) * (255 * log_uniform(rng, 0.04, 0.6))
    if rng.random() < 0.6:  # the lamp lights the middle
        cx, cy, reach = rng.uniform(0.2, 0.8) * width, rng.uniform(0.3, 0.9) * height, rng.uniform(0.3, 0.9) * width
        x = np.arange(width, dtype=np.float32) - cx
        y = np.arange(height, dtype=np.float32) - cy
        out *= np.exp(-y * y / (2 * reach * reach))[:, None] * np.exp(-x * x / (2 * reach * reach))[None]
    for y0, y1, x0, x1, mask, bright in plates:
        out[y0:y1, x0:x1] = out[y0:y1, x0:x1] * (1 - mask) + bright * mask
    if rng.random() < 0.6:
        out = add_headlights(rng, out, quads)
    if rng.random() < 0.5:  # bloom
        over = cv2.resize(np.maximum(out - 150, 0), (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        over = cv2.GaussianBlur(over, (0, 0), log_uniform(rng, 1, 6)) * rng.uniform(0.2, 1.2)
        out += cv2.resize(over, (width, height), interpolation=cv2.INTER_LINEAR)
    return out + rng.uniform(0, 14)


def add_overlay(rng, image):
    """Date, time, camera name burnt in at the top or bottom; in place."""
    height, width = image.shape
    for _ in range(int(rng.integers(1, 3))):
        d = rng.integers(0, 10, 14)
        text = str(rng.choice([
            f"20{d[0] % 3}{d[1]}-{d[2] % 2}{d[3]}-{d[4] % 3}{d[5]} {d[6] % 2}{d[7]}:{d[8] % 6}{d[9]}:{d[10] % 6}{d[11]}",
            f"{d[4] % 3}{d[5]}/{d[2] % 2}{d[3]}/20{d[0] % 3}{d[1]}  {d[6] % 2}{d[7]}:{d[8] % 6}{d[9]}:{d[10] % 6}{d[11]}",
            f"CAM {d[0]}{d[1]}", f"Camera {d[0]}", f"CH{d[0]}", f"LANE {d[0]} {random_word(rng, 3, 8, string.ascii_uppercase)}",
            random_word(rng, 4, 12, string.ascii_uppercase + string.digits + " "),
        ]))
        size = log_uniform(rng, 5, 16)
        value = 255 if rng.random() < 0.75 else 0
        font = FONTS[rng.integers(3)]
        thickness = 1 if size < 11 else 2
        w = cv2.getTextSize(text, font, cv2.getFontScaleFromHeight(font, max(3, int(size)), thickness), thickness)[0][0]
        x = rng.uniform(2, 10) if rng.random() < 0.5 else max(2, width - w - rng.uniform(2, 20))
        y = size + rng.uniform(2, 10) if rng.random() < 0.5 else height - rng.uniform(3, 12)
        if rng.random() < 0.25:
            cv2.rectangle(image, (int(x - 3), int(y - size - 3)), (int(x + w + 3), int(y + 3)), 255 - value, -1)
        elif rng.random() < 0.4:
            put_line(rng, image, text, x + 1, y + 1, size, 255 - value, font, thickness)
        put_line(rng, image, text, x, y, size, value, font, thickness)
    return image


def degrade(rng, image):
    """Exposure, blur, noise and JPEG; float32 in, uint8 out."""
    height, width = image.shape
    if rng.random() < 0.5:
        image = np.power(np.clip(image, 0, 255) * (1 / 255.0), log_uniform(rng, 0.6, 1.7), dtype=np.float32) * 255
    if rng.random() < 0.5:
        image = image * rng.uniform(0.5, 1.4) + rng.uniform(-25, 40)
    blur = rng.random()
    if blur < 0.25:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.3))
    elif blur < 0.35:  # motion
        length = int(rng.integers(2, 8))
        kernel = np.zeros((length, length), np.float32)
        if rng.random() < 0.6:
            kernel[length // 2] = 1
        else:
            np.fill_diagonal(kernel, 1)
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    elif blur < 0.5:  # sharpened by the camera
        image = image + (image - cv2.GaussianBlur(image, (0, 0), 1.0)) * rng.uniform(0.3, 1.5)
    if rng.random() < 0.5:
        image = image + noise(rng, height, width) * log_uniform(rng, 1, 14)
    if rng.random() < 0.15:
        image = add_overlay(rng, np.ascontiguousarray(image, np.float32))
    image = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])[1]
        image = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return image
