"""Drawn signs that are not plates, cut as a detector would cut them: the reader must answer nothing.

Words without a digit, telephone numbers, prices, road signs, badges of vehicles and the overlay texts
of cameras, in ordinary sign looks: dark on a light panel and the reverse, close to the text or far
beyond it; and grilles, whose bars look like ones.  No text here has the form of a mark: numbers are
too long, or they carry a currency sign, a colon, a bracket or a word.
"""
import cv2
import numpy as np

from . import crop, degrade, fonts, marks

_WORDS = """POLICE TYRES TYRE EXHAUSTS BRAKES SERVICE PARTS SALE OPEN CLOSED TAXI AMBULANCE FIRE RESCUE SECURITY STOP
SLOW EXIT ENTRANCE PARKING PARK PRIVATE ROAD NO ENTRY WAY OUT TOILETS CAFE COFFEE BAKERY PIZZA KEBAB CHIPS FISH SHOP
STORE MARKET BANK POST OFFICE HOTEL INN PUB BAR GARAGE MOTORS CARS VANS TRUCK RENTAL HIRE DELIVERY LOGISTICS TRANSPORT
EXPRESS COURIER BUILDERS ROOFING PLUMBING HEATING ELECTRICAL WINDOWS DOORS GLASS PAINT FLOORING CARPETS CLEANING GARDENS
SCHOOL BUS COACH LEARNER DRIVER BABY BOARD CAUTION DANGER WARNING KEEP CLEAR LOADING ONLY DISABLED STAFF VISITORS
RECEPTION CHILDREN CROSSING DIVERSION WORKS AHEAD REDUCE SPEED NOW LANE CAMERA CCTV RECORDING FRONT GATE REAR YARD
WELCOME THANK YOU PLEASE WAIT HERE PAY TICKET MACHINE DIESEL UNLEADED PETROL HYBRID ELECTRIC TURBO SPORT LIMITED
QUATTRO XDRIVE TDI HDI CDTI VTEC GTI AMG LINE FORD AUDI BMW MERCEDES VOLVO SAAB SEAT SKODA TOYOTA NISSAN HONDA MAZDA
SUZUKI SUBARU MITSUBISHI HYUNDAI KIA DACIA RENAULT PEUGEOT CITROEN FIAT ALFA ROMEO JEEP LAND ROVER RANGE DEFENDER
DISCOVERY JAGUAR BENTLEY MINI COOPER VAUXHALL OPEL CORSA ASTRA FIESTA FOCUS TRANSIT SPRINTER VITO CRAFTER CADDY GOLF
POLO PASSAT TIGUAN OCTAVIA FABIA LOGAN DUSTER CLIO MEGANE SCANIA MAN DAF IVECO VOLKSWAGEN LEXUS TESLA PORSCHE VIVARO
POLITIA POLIZEI POLICIA POLITIE FARMACIE FARMACIA APOTHEKE ALIMENTARA VULCANIZARE PIESE AUTO CASA SCHIMB EXCHANGE
TO LET FOR SALE SOLD FREE OFFER NEW USED BEST PRICE CHEAP DEAL FINANCE AVAILABLE""".split()
_PLACES = """LONDON BRISTOL CARDIFF GLASGOW EDINBURGH BELFAST OXFORD CAMBRIDGE NORWICH EXETER PLYMOUTH LUTON READING SWINDON
STOKE PRESTON LANCASTER CARLISLE PERTH STIRLING NEWRY OMAGH AIRPORT FERRY CENTRE NORTH SOUTH EAST WEST RING ROAD""".split()
_MODELS = """AXOR ATEGO ANTOS AROCS TGA TGS TGL TGM CF LF STRALIS EUROCARGO TRAKKER PREMIUM MAGNUM MIDLUM FM FL FMX FE S G P
CLASS SERIES TDCI DCI CDI CRDI TSI TFSI MHEV HEV PHEV BLUEHDI ECOBOOST""".split()


def _digits(rng, n):
    return "".join("0123456789"[i] for i in rng.integers(0, 10, n))


def _number(rng, low, high):
    return str(int(rng.integers(low, high)))


def text(rng):
    """The text of a sign; none that has the form of a UK mark."""
    while True:
        out = _text(rng)
        together = out.replace(" ", "").upper()
        if not (any(c.isdigit() for c in together) and marks.UK_FORM.match(together)):
            return out


def _text(rng):
    kind = rng.random()
    if kind < 0.16:
        return _road_sign(rng)
    if kind < 0.28:
        return _badge(rng)
    kind = (kind - 0.28) / 0.72
    if kind < 0.6:
        words = [_WORDS[i] for i in rng.integers(0, len(_WORDS), 1 if rng.random() < 0.65 else int(rng.integers(2, 4)))]
        out = " ".join(words)
        if len(out) < 3:
            out += " ONLY"
        return out.lower().capitalize() if rng.random() < 0.15 else out
    if kind < 0.74:
        groups = [(5, 6), (4, 3, 4), (3, 4, 4), (4, 6), (5, 3, 3), (3, 3, 3, 3)][int(rng.integers(0, 6))]
        number = [_digits(rng, n) for n in groups]
        number[0] = "0" + number[0][1:]
        return (" " if rng.random() < 0.8 else "").join(number)
    if kind < 0.87:
        p = int(rng.integers(0, 7))
        pound = "£" if rng.random() < 0.7 else "€"
        price = f"{_number(rng, 0, 1000)}.{_digits(rng, 2) if rng.random() < 0.5 else '99'}"
        return [f"{pound}{price}", f"{pound}{_number(rng, 1, 20)},{_digits(rng, 3)}", f"ONLY {pound}{price}",
                f"{_number(rng, 1, 10)}0% OFF", f"{_number(rng, 2, 6)} FOR {pound}{_number(rng, 1, 99)}",
                f"{_digits(rng, 3)}.{_digits(rng, 1)}p", f"{_number(rng, 1, 25)}:00 - {_number(rng, 1, 25)}:30"][p]
    date = f"{int(rng.integers(1, 29)):02d}/{int(rng.integers(1, 13)):02d}/20{_digits(rng, 2)}"
    if rng.random() < 0.5:
        date = "-".join(reversed(date.split("/")))
    time = f"{int(rng.integers(0, 24)):02d}:{int(rng.integers(0, 60)):02d}:{int(rng.integers(0, 60)):02d}"
    return [date, time, f"{date} {time}", f"{date} {time}", f"CAMERA {_number(rng, 1, 17)}", f"CAM {_digits(rng, 2)}: GATE",
            f"{_number(rng, 1, 120)} KM/H", f"{_number(rng, 20, 80)} MPH {_number(rng, 1, 30)}.{_digits(rng, 1)}C"][int(rng.integers(0, 8))]


def _road_sign(rng):
    road = "AB"[int(rng.integers(0, 2))] + _number(rng, 1, 9000) if rng.random() < 0.5 else "M" + _number(rng, 1, 90)
    place = _PLACES[int(rng.integers(0, len(_PLACES)))]
    return [f"{road} {place}", f"{place} {road}", f"{road} ({road[0]}{_number(rng, 1, 99)})", f"M{_number(rng, 1, 90)} J{_number(rng, 1, 45)}",
            f"J{_number(rng, 1, 45)} M{_number(rng, 1, 90)}", f"{place} {_number(rng, 1, 200)}", f"{_number(rng, 1, 200)} {place}",
            f"A{_number(rng, 1, 99)}(M) J{_number(rng, 1, 60)}", f"E{_number(rng, 1, 900)} {place}", f"{_number(rng, 1, 10)}0 MPH ZONE",
            f"MAX {_number(rng, 1, 40)} TONNES", f"LIMIT {_number(rng, 1, 9)}0", f"{_number(rng, 1, 6)}.{_digits(rng, 1)}m"][int(rng.integers(0, 13))]


def _badge(rng):
    model = _MODELS[int(rng.integers(0, len(_MODELS)))]
    long = model if len(model) > 3 else model + "-LINE"  # TGX 450 could be a mark
    return [f"{long} {_number(rng, 100, 900)}", f"{model} {_number(rng, 10, 40)}.{_number(rng, 200, 600)}", f"{_number(rng, 1, 7)}.{_digits(rng, 1)} {model}",
            f"{_number(rng, 1, 7)}.{_digits(rng, 1)} V{_number(rng, 6, 13)}", f"{model} {_number(rng, 2, 9)}x{_number(rng, 2, 9)}",
            f"{model} {_number(rng, 1, 7)}.{_digits(rng, 1)}"][int(rng.integers(0, 6))]


def _grille(rng):
    """A mask like a word's: upright bars, even or in pairs, as many as fit."""
    pitch, height = int(rng.integers(5, 16)), int(rng.integers(20, 40))
    bar = max(1, int(pitch * rng.uniform(0.2, 0.75)))
    mask = np.zeros((height, pitch * int(rng.integers(4, 24))), np.uint8)
    for x in range(0, mask.shape[1], pitch):
        if rng.random() < 0.97:
            mask[:, x:x + bar] = int(rng.integers(170, 256))
    return mask


def sign_crop(rng):
    """The reader's crop of a sign or a grille, uint8 [48, 160]."""
    words = "" if rng.random() < 0.1 else text(rng)
    mask = fonts.word(fonts.pick_font(rng), words) if words else _grille(rng)
    big = cv2.resize(mask, None, fx=3 * rng.uniform(0.8, 1.3), fy=3, interpolation=cv2.INTER_LINEAR)
    if big.shape[1] > 7 * big.shape[0] and any(c.isdigit() for c in words):
        big = cv2.resize(big, (7 * big.shape[0], big.shape[0]), interpolation=cv2.INTER_AREA)
    h, w = big.shape
    # Room about the text: little or much, never the same on all sides as on a plate.
    left, right = (int(h * rng.uniform(0.0, 1.8)) for _ in range(2))
    top, bottom = (int(h * rng.uniform(0.0, 1.2)) for _ in range(2))
    light = rng.random() < 0.65
    paper, ink = int(rng.integers(120, 256)), int(rng.integers(0, 110))
    if abs(paper - ink) < 70:
        ink = max(0, paper - 90)
    if not light:
        paper, ink = ink, paper
    panel = np.full((h + top + bottom, w + left + right), paper, np.uint8)
    if rng.random() < 0.3:
        t = max(1, int(h * rng.uniform(0.02, 0.1)))
        cv2.rectangle(panel, (t, t), (panel.shape[1] - t, panel.shape[0] - t), ink, t)
    if rng.random() < 0.25 and bottom > 0.4 * h:  # a smaller line below, as signs have
        small = fonts.word(fonts.pick_font(rng), text(rng))
        f = min(0.5 * bottom / small.shape[0], 0.9 * panel.shape[1] / small.shape[1])
        small = cv2.resize(small, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        y, x = top + h + int(0.2 * bottom), int(rng.uniform(0, panel.shape[1] - small.shape[1]))
        view = panel[y:y + small.shape[0], x:x + small.shape[1]]
        view[:] = (view + (float(ink) - view) * (small[:view.shape[0]] / 255.0)).astype(np.uint8)
    view = panel[top:top + h, left:left + w]
    view[:] = (view + (float(ink) - view) * (big / 255.0)).astype(np.uint8)
    char_px = 8.0 * (60.0 / 8.0) ** (rng.random() ** 1.5)
    picture, corners = degrade.place(rng, panel, panel.shape[1] / panel.shape[0], char_px * panel.shape[0] / h)
    picture = degrade.camera(rng, picture, char_px)
    # What the detector takes for the plate: the panel, the text, or a part of a long text.
    u0, u1 = left / panel.shape[1], (left + w) / panel.shape[1]
    v0, v1 = top / panel.shape[0], (top + h) / panel.shape[0]
    a = rng.random(4) * 0.9 if rng.random() < 0.6 else np.zeros(4)
    u0, u1, v0, v1 = u0 - a[0] * u0, u1 + a[1] * (1 - u1), v0 - a[2] * v0, v1 + a[3] * (1 - v1)
    aspect = (u1 - u0) * panel.shape[1] / ((v1 - v0) * panel.shape[0])
    if aspect > 5.5 and not any(c.isdigit() for c in words):  # a piece as long as a plate; a piece of a number could be a mark
        part = min(1.0, rng.uniform(3.5, 6.0) / aspect) * (u1 - u0)
        u0 += (u1 - u0 - part) * rng.random()
        u1 = u0 + part
    m = cv2.getPerspectiveTransform(np.float32([[0, 0], [1, 0], [1, 1], [0, 1]]), np.float32(corners))
    uv = np.float32([[[u0, v0], [u1, v0], [u1, v1], [u0, v1]]])
    quad = cv2.perspectiveTransform(uv, m)[0].astype(np.float64)
    return crop.crop_plate(picture, crop.jitter(rng, quad, 0.05))
