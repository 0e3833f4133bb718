"""Training pictures for the detector: real scenes zoomed at random, with drawn plates put in.

A composite is a grey canvas with its targets. Each target has four corners in plate reading order
(TL, TR, BR, BL) in canvas pixels; `exact` says whether they are real corners (a drawn plate, whose
homography is known, or a real one whose text told them) or only those of a labelled upright box, of
which just the extent is true.
`known` marks pixels where everything is labelled: a strong answer there without a target is wrong
for certain. Elsewhere it may be a plate that nobody labelled.
"""
from dataclasses import dataclass, field

import cv2
import numpy as np

from . import crop
from . import detector_looks as looks

PAD = 114  # the value the daemon pads with
# A one-line plate is about 4.7:1. A box this wide cannot be rolled by more than 3.5 degrees.
UPRIGHT_ASPECT = 3.6
# People draw boxes round a plate, not along it: up to this share of width and height is left free on
# every side. Corners anywhere between the label and twice this inset are right as far as it tells.
LABEL_INSET = (0.035, 0.07)
# Corners that the text told are this good, as shares of the sides; and they are real plates, which drawn ones are not.
READ_SLACK = (0.005, 0.015)
READ_WEIGHT = 0.8
SMALLEST_PLATE_PX = 12  # narrower ones are neither asked for nor punished
PLATE_WIDTH_PX = (15.0, 260.0)
KEEP, REPLACE, WIPE = "keep", "replace", "wipe"


@dataclass(frozen=True)
class Mix:
    """What composites are made of. The first values are the plain mix, which validation keeps to."""
    actions: tuple = (0.58, 0.30, 0.12)  # shares of scenes whose plates are kept, replaced, wiped
    slanted: float = 0.0  # share of drawn plates seen from far aside or rolled
    sheared: float = 0.0  # share of kept plates whose whole scene is slanted
    small: float = 0.0  # share of scenes and added plates that are made small
    hard: float = 0.0  # share of scenes zoomed at a place that an earlier network took for a plate
    signs: float = 0.35  # share of scenes with signs
    copied: float = 0.0  # share of drawn plates that lie as the real plate did, where its corners are known


PLAIN = Mix()
SLANTED = Mix(actions=(0.44, 0.44, 0.12), slanted=0.6, sheared=0.4, small=0.2, hard=0.25, signs=0.45)
MIDDLE = Mix(actions=(0.54, 0.34, 0.12), slanted=0.35, sheared=0.4, small=0.15, hard=0.25, signs=0.42, copied=0.6)
MIXES = {"plain": PLAIN, "middle": MIDDLE, "slanted": SLANTED}
SMALL_WIDTH_PX = (14.0, 45.0)


@dataclass
class Target:
    corners: np.ndarray  # float32 [4, 2]
    exact: bool
    weight: float = 1.0  # of the corner loss
    aimed: bool = True  # whether the directions of its edges are known
    slack: tuple = (0.0, 0.0)  # px in x and y by which an answer may miss the corners free of charge


@dataclass
class Labelled:
    """A labelled plate of the scene on the canvas."""
    box: np.ndarray  # float32 [4, 2]: the corners of the labelled box, however it is turned
    wide: bool  # so wide a box that the plate in it cannot be rolled
    read: np.ndarray = None  # float32 [4, 2]: the plate's own corners, where its text told them


@dataclass
class Composite:
    image: np.ndarray  # uint8 [H, W]
    targets: list
    ignore: list = field(default_factory=list)  # float32 [4] x0, y0, x1, y1: plates cut by an edge or too small
    known: np.ndarray = None  # bool [H, W]


def simple_plate(rng):
    """A plain drawn plate, uint8 [h, w]: for tests, and until a bank of better ones is given."""
    two_lines = rng.random() < 0.25
    plate = np.full((203, 285) if two_lines else (111, 520), rng.integers(200, 256), np.uint8)
    letters = list("ABCDEFGHJKLMNPRSTUVWXY0123456789")
    word = lambda n: "".join(rng.choice(letters, n))
    if two_lines:
        cv2.putText(plate, word(4), (25, 92), cv2.FONT_HERSHEY_SIMPLEX, 2.9, 20, 13, cv2.LINE_AA)
        cv2.putText(plate, word(3), (45, 185), cv2.FONT_HERSHEY_SIMPLEX, 2.9, 20, 13, cv2.LINE_AA)
    else:
        cv2.putText(plate, word(7), (18, 92), cv2.FONT_HERSHEY_SIMPLEX, 3.2, 20, 14, cv2.LINE_AA)
    return plate


def pose_quad(rng, aspect, slanted=False):
    """Corners float32 [4, 2] of a plate of width 1 seen by a camera, centred on the origin.

    Yaw to 50 degrees, pitch to 30, roll to 15 (slanted: 22); the plate is 3 to 12 widths away.
    """
    yaw = np.clip(rng.normal(0, 22), -50, 50)
    pitch = np.clip(rng.normal(8, 10), -30, 30)
    roll = np.clip(rng.normal(0, 5), -15, 15)
    if slanted:
        yaw, pitch, roll = rng.uniform(-50, 50), rng.uniform(-15, 30), np.clip(rng.normal(0, 9), -22, 22)
    a, b, c = np.radians((yaw, pitch, roll))
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    half = 0.5 / aspect
    flat = np.array([[-0.5, -half, 0], [0.5, -half, 0], [0.5, half, 0], [-0.5, half, 0]])
    turned = flat @ (about_z @ about_x @ about_y).T
    distance = rng.uniform(3, 12)
    quad = turned[:, :2] * (distance / (distance + turned[:, 2:]))
    return (quad - (quad.min(0) + quad.max(0)) / 2).astype(np.float32)


def paste(rng, canvas, flat, quad, paper, ink):
    """Put the flat picture `flat` (uint8) on `canvas` (float32, changed in place) at `quad`.

    paper, ink: the grey levels that 255 and 0 of the flat picture become.
    """
    height, width = canvas.shape
    x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int) - 3, 0)
    x1, y1 = np.minimum(np.ceil(quad.max(0)).astype(int) + 4, (width, height))
    if x1 - x0 < 4 or y1 - y0 < 3:
        return
    extent = np.ptp(quad, axis=0)
    shrink = min(1.0, 1.25 * max(extent[0] / flat.shape[1], extent[1] / flat.shape[0]))
    if shrink < 1.0:
        size = (max(4, round(flat.shape[1] * shrink)), max(3, round(flat.shape[0] * shrink)))
        flat = cv2.resize(flat, size, interpolation=cv2.INTER_AREA)
    h, w = flat.shape
    # Pixel centres are at whole numbers for OpenCV; the quad counts from pixel edges.
    source = np.float32([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]])
    matrix = cv2.getPerspectiveTransform(source, np.float32(quad - (x0 + 0.5, y0 + 0.5)))
    part_size = (int(x1 - x0), int(y1 - y0))
    drawn = cv2.warpPerspective(flat, matrix, part_size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros((part_size[1], part_size[0]), np.uint8)
    points = np.round((quad - (x0 + 0.5, y0 + 0.5)) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA, 4)
    mask = mask.astype(np.float32) * (1 / 255.0)
    part = canvas[y0:y1, x0:x1]
    if rng.random() < 0.3:  # a holder or a shadow around the plate, which is not part of it
        rim = np.zeros(part.shape, np.uint8)
        grow = 1 + rng.uniform(0.03, 0.16)
        centre = quad.mean(0)
        shifted = centre + (quad - centre) * (grow, grow * rng.uniform(1.0, 1.15)) + (0, rng.uniform(-0.02, 0.04) * extent[0])
        cv2.fillConvexPoly(rim, np.round((shifted - (x0 + 0.5, y0 + 0.5)) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        rim = rim.astype(np.float32) * (rng.uniform(0.3, 1.0) / 255)
        part[:] = part * (1 - rim) + rim * (rng.uniform(0, 60) if rng.random() < 0.8 else rng.uniform(100, 220))
    grey = ink + (paper - ink) * (drawn.astype(np.float32) * (1 / 255.0))
    grey *= np.linspace(rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.2), part_size[0], dtype=np.float32)[None]
    part[:] = part * (1 - mask) + grey * mask
    if rng.random() < 0.7:  # the lens softens the plate as it does the scene
        cv2.GaussianBlur(part, (0, 0), rng.uniform(0.3, 0.9), dst=part)


def wipe(rng, canvas, quad):
    """Paint out what is at `quad` with what is left and right of it; float32, in place."""
    height, width = canvas.shape
    x0, y0 = quad.min(0)
    x1, y1 = quad.max(0)
    grow = 0.06 * (x1 - x0) + 1
    x0, y0 = int(max(0, x0 - grow)), int(max(0, y0 - grow))
    x1, y1 = int(min(width, x1 + grow + 1)), int(min(height, y1 + grow + 1))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    left = canvas[y0:y1, max(0, x0 - 3):x0 + 1].mean(1, keepdims=True)
    right = canvas[y0:y1, x1 - 1:x1 + 3].mean(1, keepdims=True)
    across = np.linspace(0, 1, x1 - x0, dtype=np.float32)[None]
    fill = left * (1 - across) + right * across
    if rng.random() < 0.5:
        top = canvas[max(0, y0 - 3):y0 + 1, x0:x1].mean(0, keepdims=True)
        bottom = canvas[y1 - 1:y1 + 3, x0:x1].mean(0, keepdims=True)
        down = np.linspace(0, 1, y1 - y0, dtype=np.float32)[:, None]
        fill = 0.5 * (fill + top * (1 - down) + bottom * down)
    canvas[y0:y1, x0:x1] = fill + looks.noise(rng, y1 - y0, x1 - x0) * rng.uniform(0, 4)


def likely(rng, share):
    """True in `share` of the calls; a share of nothing draws no number."""
    return share > 0 and rng.random() < share


def zoom_matrix(rng, scene, size, anchor, upright, mirror, mix=PLAIN):
    """Affine 2x3 from level 0 of `scene` to a canvas of `size` (w, h), and the pyramid level to warp.

    anchor: box the zoom is chosen for, or None; upright: no rotation, shear or unequal scaling.
    """
    width, height = size
    full_h, full_w = scene.levels[0].shape
    if anchor is None:
        anchor = (rng.uniform(0.1, 0.7) * full_w, rng.uniform(0.2, 0.8) * full_h, 0.2 * full_w, 0.06 * full_w)
    wanted = looks.log_uniform(rng, *(SMALL_WIDTH_PX if likely(rng, mix.small) else PLATE_WIDTH_PX))
    # The scene should fill most of the canvas; a plate blown up more than 2.5 times is a blur.
    scale = float(np.clip(wanted / anchor[2], rng.uniform(0.75, 1.0) * min(width / full_w, height / full_h), 2.5))
    matrix = np.array([[scale, 0, 0], [0, scale * (1 if upright else rng.uniform(0.9, 1.12)), 0]])
    if not upright:
        turn = np.radians(np.clip(rng.normal(0, 5), -13, 13))
        shear = rng.normal(0, 0.06)
        cos, sin = np.cos(turn), np.sin(turn)
        matrix[:, :2] = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear], [0, 1]]) @ matrix[:, :2]
        if likely(rng, mix.sheared):  # as a yawed plate above or below the camera looks
            aside = np.clip(rng.normal(0, 0.15), -0.35, 0.35)
            matrix[:, :2] = np.array([[rng.uniform(0.65, 1), 0], [aside, 1]]) @ matrix[:, :2]
    if mirror:
        matrix[:, 0] *= -1
    centre = np.array([anchor[0] + anchor[2] / 2, anchor[1] + anchor[3] / 2])
    place = np.array([rng.uniform(0.08, 0.92) * width, rng.uniform(0.08, 0.92) * height])
    shift = place - matrix[:, :2] @ centre
    # Keep the canvas inside the scene where the scene is larger; at the top left, as in use, where not.
    rect = matrix[:, :2] @ np.array([[0, full_w, 0, full_w], [0, 0, full_h, full_h]])
    low, high = rect.min(1), rect.max(1)
    for axis, limit in enumerate((width, height)):
        if high[axis] - low[axis] >= limit:
            shift[axis] = np.clip(shift[axis], limit - high[axis], -low[axis])
        else:
            shift[axis] = -low[axis]
    matrix[:, 2] = shift
    level = 0
    while level + 1 < len(scene.levels) and scale * 2 ** (level + 1) <= 1.0:
        level += 1
    return matrix, level


def render_scene(rng, scene, size, mix=PLAIN, hard=False):
    """The zoomed scene float32 [h, w] with quads in canvas pixels (all, even outside).

    Answers canvas, [Labelled], [unlabelled quad], action.
    """
    boxes = scene.boxes
    action = rng.choice([KEEP, REPLACE, WIPE], p=mix.actions)
    upright = action == KEEP and any(b[2] < UPRIGHT_ASPECT * b[3] and i not in scene.read for i, b in enumerate(boxes))
    anchor = boxes[rng.integers(len(boxes))] if len(boxes) else None
    if hard:
        anchor = scene.hard[rng.integers(len(scene.hard))]
    mirror = rng.random() < (0.25 if action == KEEP else 0.5)  # a mirrored text is half a lie
    matrix, level = zoom_matrix(rng, scene, size, anchor, upright, mirror, mix)
    picture = scene.levels[level]
    # Level pixels to canvas pixels, both counted from pixel edges, then from pixel centres.
    ratio = np.array([scene.levels[0].shape[1] / picture.shape[1], scene.levels[0].shape[0] / picture.shape[0]])
    warp = matrix.copy()
    warp[:, :2] *= ratio
    warp[:, 2] += warp[:, :2] @ (0.5, 0.5) - 0.5
    canvas = cv2.warpAffine(picture, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=PAD)

    def moved(corners):
        quad = corners @ matrix[:, :2].T + matrix[:, 2]
        return (quad[[1, 0, 3, 2]] if mirror else quad).astype(np.float32)  # corners keep their names by place

    labelled = [Labelled(moved(crop.box_corners(box)), box[2] >= UPRIGHT_ASPECT * box[3],
                         moved(scene.read[i]) if i in scene.read else None) for i, box in enumerate(boxes)]
    return canvas.astype(np.float32), labelled, [moved(crop.box_corners(box)) for box in scene.unlabelled], action


def labelled_target(quad, wide):
    """Target for a labelled box: inset by what labels usually leave, free by as much both ways."""
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    x, y = LABEL_INSET
    inset = np.array([across * x + down * y, -across * x + down * y, -across * x - down * y, across * x - down * y])
    slack = tuple(float(v) for v in np.abs(across) * x + np.abs(down) * y)
    return Target((quad + inset).astype(np.float32), wide, 0.5, False, slack)


def read_target(quad):
    """Target for a real plate whose corners its text told."""
    across, down = np.abs(quad[1] - quad[0]), np.abs(quad[3] - quad[0])
    return Target(quad, True, READ_WEIGHT, True, tuple(float(v) for v in across * READ_SLACK[0] + down * READ_SLACK[1]))


def plate_greys(rng):
    """Grey levels (paper, ink) of a drawn plate by day."""
    paper = rng.uniform(70, 255)
    return paper, paper * rng.uniform(0.05, 0.5)


def fit_in_box(rng, flat, quad, slanted=False):
    """A drawn plate's quad in the place of a labelled one."""
    low, high = quad.min(0), quad.max(0)
    posed = pose_quad(rng, flat.shape[1] / flat.shape[0], slanted)
    extent = np.ptp(posed, axis=0)
    scale = min((high[0] - low[0]) / extent[0], (2.2 if slanted else 1.35) * (high[1] - low[1]) / extent[1]) * rng.uniform(0.85, 1.05)
    return posed * scale + (low + high) / 2


def as_it_lay(rng, flat, quad):
    """A drawn plate's quad that lies as the real plate at `quad` does: its directions and width, the drawn plate's shape."""
    centre = quad.mean(0)
    right, down = (quad[1] - quad[0] + quad[2] - quad[3]) / 2, (quad[3] - quad[0] + quad[2] - quad[1]) / 2
    aspect = float(np.linalg.norm(right) / max(1e-6, np.linalg.norm(down)))
    wanted = flat.shape[1] / flat.shape[0] * rng.uniform(0.7, 1.0)  # seen from aside it is narrower
    along = min(1.0, 1.5 * wanted / aspect)  # a square plate does not grow as wide as a long one was
    below = along * aspect / wanted
    sides = np.stack([right, down])
    shares = (quad - centre) @ np.linalg.inv(sides)  # of the corners in the plate's own directions
    return (shares * (along, below) @ sides + centre).astype(np.float32)


def inside_share(quad, width, height):
    low, high = quad.min(0), quad.max(0)
    cut = np.minimum(high, (width, height)) - np.maximum(low, 0)
    return float(max(0, cut[0]) * max(0, cut[1]) / max(1e-6, np.prod(high - low)))


def cut_box(quad, low, high):
    """The box x0, y0, x1, y1 round a quad, cut to low..high."""
    return np.concatenate([np.maximum(quad.min(0), low), np.minimum(quad.max(0), high)]).astype(np.float32)


def overlaps(quad, others, margin=4):
    low, high = quad.min(0) - margin, quad.max(0) + margin
    return any((low < o.max(0)).all() and (high > o.min(0)).all() for o in others)


def render_tile(rng, scenes, plates, size, mix=PLAIN):
    """One scene with its plates kept, replaced or wiped, and drawn plates and signs added."""
    width, height = size
    scene = scenes[rng.integers(len(scenes))]
    hard = likely(rng, mix.hard) and len(scene.hard) > 0
    canvas, labelled, unlabelled, action = render_scene(rng, scene, size, mix, hard)
    known = np.zeros((height, width), bool)
    targets, taken = [], list(unlabelled)

    def mark_known(quad):
        x0, y0 = np.maximum(quad.min(0).astype(int) - 2, 0)
        x1, y1 = np.maximum(quad.max(0).astype(int) + 3, 0)
        known[y0:y1, x0:x1] = True

    for plate in labelled:
        taken.append(plate.box)
        if action == KEEP:
            targets.append(labelled_target(plate.box, plate.wide) if plate.read is None else read_target(plate.read))
            continue
        wipe(rng, canvas, plate.box)
        mark_known(plate.box)
        if action == REPLACE:
            flat = plates[rng.integers(len(plates))]
            if plate.read is not None and likely(rng, mix.copied):
                drawn = as_it_lay(rng, flat, plate.read)
            else:
                drawn = fit_in_box(rng, flat, plate.box, likely(rng, mix.slanted))
            paste(rng, canvas, flat, drawn, *plate_greys(rng))
            targets.append(Target(drawn, True))
    added = int(rng.integers(0, 3)) if action == WIPE else int(rng.random() < 0.2)
    signs = int(rng.integers(0, 3)) if rng.random() < mix.signs else 0
    for index in range(added + signs):
        is_plate = index < added
        flat = plates[rng.integers(len(plates))] if is_plate else looks.draw_sign(rng)
        posed = pose_quad(rng, flat.shape[1] / flat.shape[0], likely(rng, mix.slanted))
        widest = SMALL_WIDTH_PX[1] if likely(rng, mix.small) else 200
        across = looks.log_uniform(rng, PLATE_WIDTH_PX[0] if is_plate else min(40, widest), min(widest, 0.6 * width))
        quad = posed * across + (rng.uniform(0, width), rng.uniform(0, height))
        if overlaps(quad, taken):
            continue
        taken.append(quad)
        paste(rng, canvas, flat, quad, *plate_greys(rng))
        mark_known(quad)
        if is_plate:
            targets.append(Target(quad, True))
    return canvas, targets, known, unlabelled


def compose(rng, scenes, plates, size, mix=PLAIN):
    """One training picture of `size` (w, h) px.

    scenes: list of Scene; plates: list of flat drawn plates, uint8 [h, w].
    """
    width, height = size
    if rng.random() < 0.25:  # four scenes at once: many plates, small ones, unusual surroundings
        split_x = int(width * rng.uniform(0.35, 0.65))
        split_y = int(height * rng.uniform(0.35, 0.65))
        tiles = [(0, 0, split_x, split_y), (split_x, 0, width, split_y),
                 (0, split_y, split_x, height), (split_x, split_y, width, height)]
    else:
        tiles = [(0, 0, width, height)]
    canvas = np.empty((height, width), np.float32)
    known = np.empty((height, width), bool)
    targets, ignore = [], []
    for x0, y0, x1, y1 in tiles:
        tile, found, tile_known, unlabelled = render_tile(rng, scenes, plates, (x1 - x0, y1 - y0), mix)
        canvas[y0:y1, x0:x1] = tile
        known[y0:y1, x0:x1] = tile_known
        for quad in unlabelled:
            if inside_share(quad, x1 - x0, y1 - y0) > 0:
                ignore.append(cut_box(quad + (x0, y0), (x0, y0), (x1, y1)))
        for target in found:
            share = inside_share(target.corners, x1 - x0, y1 - y0)
            target.corners = (target.corners + (x0, y0)).astype(np.float32)
            if share == 0:
                continue
            if share > 0.8 and np.ptp(target.corners[:, 0]) >= SMALLEST_PLATE_PX:
                targets.append(target)
            else:
                ignore.append(cut_box(target.corners, (x0, y0), (x1, y1)))
    if rng.random() < 0.27:
        canvas = looks.infrared_night(rng, canvas, [t.corners for t in targets])
    return Composite(looks.degrade(rng, canvas), targets, ignore, known)
