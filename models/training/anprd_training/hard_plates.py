"""Drawn UK plates of the kinds that are read worst: 11 and 1I, O and 0 side by side, two lines, slanted, few pixels."""
from . import degrade, marks, plates


def hard_mark(rng):
    """Groups of a UK mark with many ones and noughts, as far as its grammar allows them."""
    p = rng.random()
    if p < 0.22:  # an age with a one or a nought: 11, 01, 10, 61 ...
        age = "11" if rng.random() < 0.4 else ("01", "10", "12", "13", "14", "15", "16", "17", "18", "19", "21", "51", "61", "71",
                                                 "02", "03", "04", "05", "06", "07", "08", "09", "20", "60", "70")[int(rng.integers(0, 25))]
        tail = _letters(rng, 3, "O")
        return [_letters(rng, 2, "O") + age, tail]
    if p < 0.45:  # prefix and suffix: one to three digits
        number = _number(rng, 3)
        year = marks.UK_YEAR[int(rng.integers(0, len(marks.UK_YEAR)))]
        return [year + number, _letters(rng, 3, "O")] if rng.random() < 0.65 else [_letters(rng, 3, "O"), number + year]
    if p < 0.65:  # Northern Ireland: I or Z in the letters, up to four digits
        letters = list(_letters(rng, 3, "O"))
        letters[int(rng.integers(1, 3))] = "I" if rng.random() < 0.75 else "Z"
        groups = ["".join(letters), _number(rng, 4)]
        return groups if rng.random() < 0.8 else groups[::-1]
    if p < 0.8:  # dateless
        groups = [_number(rng, 4), _letters(rng, int(rng.integers(1, 4)), "O")]
        if len(groups[0]) == 4 and len(groups[1]) == 3:
            groups[1] = groups[1][:2]
        return groups if rng.random() < 0.5 else groups[::-1]
    return marks.uk_mark(rng)[1]


def _letters(rng, n, often):
    alphabet = marks.UK_LETTERS
    return "".join(often if rng.random() < 0.1 else alphabet[int(i)] for i in rng.integers(0, len(alphabet), n))


def _number(rng, longest):
    """Digits without a leading nought, of any length up to `longest`; half are ones or noughts."""
    n = int(rng.integers(1, longest + 1))
    if longest == 4 and rng.random() < 0.3:
        n = 4
    digits = "".join(("1" if rng.random() < 0.65 else "0") if rng.random() < 0.55 else "0123456789"[int(i)] for i in rng.integers(0, 10, n))
    return digits if digits[0] != "0" else "1" + digits[1:]


def draw(rng):
    """A hard UK plate: three in five a single line, the others square or a motorcycle's."""
    p = rng.random()
    return plates.draw_uk(rng, hard_mark(rng), "line" if p < 0.6 else "square" if p < 0.8 else "motorcycle")


def hard_crop(rng, plate):
    """Its crop: slanted twice as much in one of two, small in one of two."""
    slant = 2.0 if rng.random() < 0.5 else 1.0
    return degrade.plate_crop(rng, plate, slant=slant, largest_px=22.0 if rng.random() < 0.5 else 60.0)
