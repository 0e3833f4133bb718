"""Random registration marks: UK classes by grammar, and common foreign patterns.

A mark is a list of groups, e.g. ["AB12", "CDE"]; the printed gap between groups is wider than
the one between characters.  Letters and digits are told apart by their place in the grammar,
because the UK face has one glyph for O and 0, and one for I and 1.
"""
import re

UK_LETTERS = "ABCDEFGHJKLMNOPRSTUVWXYZ"  # last three of a current mark: no I, Q
UK_TAG = "ABCDEFGHJKLMNOPRSTUVWXY"  # memory tag: no I, Q, Z
UK_YEAR = "ABCDEFGHJKLMNPRSTVWXY"  # prefix and suffix year letters: no I, O, Q, U, Z
FIRST = "ABCDEFGHJKLMNOPRSTUVWXY"
NI_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
DIGITS = "0123456789"
ALL_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLAIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # letters that no digit looks like


# UK grammar (spaces removed) of folded texts, so I may be a digit and 1 a letter.  D = digit, L = letter.
_UK = ["LLDDLLL", "LDLLL", "LDDLLL", "LDDDLLL", "LLLDL", "LLLDDL", "LLLDDDL", "LLLD", "LLLDD", "LLLDDD", "LLLDDDD",
       "DLLL", "DDLLL", "DDDLLL", "LLD", "LLDD", "LLDDD", "LLDDDD", "DLL", "DDLL", "DDDLL", "DDDDLL", "LD", "LDD", "LDDD",
       "LDDDD", "DL", "DDL", "DDDL", "DDDDL"]
UK_FORM = re.compile("|".join("^" + p.replace("L", "[A-Z01]").replace("D", "[0-9OI]") + "$" for p in _UK))


def _pick(rng, alphabet, n=1):
    return "".join(alphabet[i] for i in rng.integers(0, len(alphabet), n))


def _number(rng, low, high):
    """1 to N digits without a leading zero; every length is likely, and ones are common."""
    n = int(rng.integers(low, high + 1))
    digits = list(_pick(rng, "123456789") + _pick(rng, DIGITS, n - 1))
    return "".join(_ones(rng, digits))


def _ones(rng, digits, rate=0.18):
    """Turn some digits into 1: adjacent ones are the hardest thing to count."""
    return ["1" if rng.random() < rate else d for d in digits]


def uk_mark(rng):
    """(class name, groups) of a random UK mark."""
    kind = rng.random()
    if kind < 0.56:
        age = int(rng.integers(2, 30)) if rng.random() < 0.5 else int(rng.integers(51, 80))
        if rng.random() < 0.3:  # a 1 in the age: it is the narrow character that gets lost
            age = 11 if rng.random() < 0.35 else int(rng.choice((10, 12, 13, 14, 15, 16, 17, 18, 19, 21, 51, 61, 71)))
        return "current", [_pick(rng, UK_TAG, 2) + f"{age:02d}", _pick(rng, UK_LETTERS, 3)]
    if kind < 0.68:
        return "prefix", [_pick(rng, UK_YEAR) + _number(rng, 1, 3), _pick(rng, FIRST, 3)]
    if kind < 0.77:
        return "suffix", [_pick(rng, FIRST, 3), _number(rng, 1, 3) + _pick(rng, UK_YEAR)]
    if kind < 0.79:
        return "q", ["Q" + _number(rng, 1, 3), _pick(rng, FIRST, 3)]
    if kind < 0.87:
        if rng.random() < 0.5:
            groups = [_number(rng, 1, 4), _pick(rng, UK_LETTERS, int(rng.integers(1, 3)))]
        else:
            groups = [_number(rng, 1, 3), _pick(rng, UK_LETTERS, int(rng.integers(1, 4)))]
        return "dateless", groups[::-1] if rng.random() < 0.5 else groups
    if kind < 0.94:
        letters = list(_pick(rng, FIRST) + _pick(rng, NI_LETTERS, 2))
        letters[int(rng.integers(1, 3))] = _pick(rng, "IZ")
        groups = ["".join(letters), _number(rng, 1, 4)]
        return "ni", groups[::-1] if rng.random() < 0.25 else groups
    kind = rng.random()
    if kind < 0.25:
        return "diplomatic", [_pick(rng, DIGITS, 3), _pick(rng, "DX"), _pick(rng, DIGITS, 3)]
    if kind < 0.4:
        return "trade", ["0" + _pick(rng, DIGITS, 4)]
    if kind < 0.55:
        return "military", [_pick(rng, DIGITS, 2), _pick(rng, UK_LETTERS, 2), _pick(rng, DIGITS, 2)]
    if kind < 0.65:
        return "military", [_pick(rng, UK_LETTERS, 2), _pick(rng, DIGITS, 2), _pick(rng, UK_LETTERS, 2)]
    if kind < 0.75:
        return "jersey", ["J" + _number(rng, 1, 6)]
    if kind < 0.8:
        return "guernsey", [_number(rng, 2, 5)]
    if kind < 0.88:
        return "man", ["MN" + _number(rng, 1, 4)] if rng.random() < 0.3 else [
            _pick(rng, FIRST) + "MN", _number(rng, 1, 3), _pick(rng, FIRST)]
    return "irish", [f"{int(rng.integers(87, 127)) % 100:02d}" + _pick(rng, "12") * int(rng.integers(0, 2)),
                     _pick(rng, PLAIN_LETTERS, int(rng.integers(1, 3))), _number(rng, 1, 6)]


# Foreign patterns: L letter, D digit, space = group gap; the weight comes second.
_FOREIGN = [
    ("L LL DDDD", 2), ("LL LL DDD", 2), ("LLL LL DDD", 2), ("L LL DDD", 1), ("LLL L DDDD", 1), ("LL L DDDD", 1),
    ("LL DDDLL", 2), ("LL DDD LL", 2), ("DLD DDDD", 2), ("DLL DDDD", 1), ("LLL DDDD", 3), ("LLLDDDD", 1),
    ("LL DDDDD", 2), ("LLL DDDDD", 1), ("LL DDDLL", 1), ("DDDD LLL", 2), ("DDD LLL", 2), ("LLL DDD", 4),
    ("LL DD LLL", 3), ("L DDD LLL", 1), ("L DD LLL", 1), ("LL DDD", 2), ("DD LLL D", 1), ("LL LL DD", 1),
    ("DD LL LL", 1), ("DDDDDD", 2), ("DD DDD DD", 2), ("DDD DD DDD", 1), ("L DDDDD", 2), ("L DDDDDD", 1),
    ("LDDDLL DD", 2), ("LDDDLL DDD", 1), ("LL DDLL DDDD", 1), ("LLDDL DDDD", 1), ("DLLLDDD", 2), ("LLLDLDD", 1),
    ("LLLL DD", 1), ("LLL DD", 1), ("LLL DDDDDD", 1), ("LL DDDD", 3), ("DDL DDDDD", 1), ("DDL DDDD", 1),
    ("L DDDD LLL", 1), ("L DDDD LL", 1), ("DDDDD", 1), ("L DDDD", 2), ("DD LL DDDD", 1), ("LLLL DDD", 1),
    ("L DDD", 1), ("LL DD DDD", 1), ("DD DDDD", 1), ("LLLDDDL", 1),
]
_WEIGHTS = [w for _, w in _FOREIGN]
_TOTAL = sum(_WEIGHTS)


def foreign_mark(rng):
    """Groups of a random foreign mark."""
    pick = int(rng.integers(0, _TOTAL))
    for pattern, weight in _FOREIGN:
        pick -= weight
        if pick < 0:
            break
    # O, I and Q only now and then: in many faces no one can tell O from 0 or I from 1.
    letters = ALL_LETTERS if rng.random() < 0.3 else PLAIN_LETTERS
    groups = []
    for group in pattern.split():
        chars = [_pick(rng, letters) if c == "L" else _pick(rng, DIGITS) for c in group]
        if group.strip("D") == "":
            chars = _ones(rng, chars, 0.08)
        groups.append("".join(chars))
    return groups
