"""Codes of coupons: made to be typed, with a check against typing errors.

A code is letters and digits; what else people type between them means nothing. Made
codes avoid what looks alike (0 O, 1 I L), and the last character makes the weighted sum
of all a multiple of 37: one wrong character, or two that changed places, never passes.
"""

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLEAR = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
MODULUS = 37  # a prime above the number of characters
LONGEST = MODULUS - 1  # beyond it two places would weigh the same
#: Characters that a made code has after its prefix, with the check.
BODY = 12
GROUP = 4


def normalize_code(text):
    """Return a typed code as it is stored: capital letters and digits.

    :param str text: what was typed, in any case, with spaces or hyphens
    :rtype: str
    """
    return "".join(one for one in text.upper() if one in CHARACTERS)


def check_code(code):
    """Tell whether a normalized code can have been made by `make_code`.

    :param str code: capital letters and digits
    :rtype: bool
    """
    return BODY <= len(code) <= LONGEST and not _weigh(code)


def make_code(prefix, choose):
    """Return a new code.

    :param str prefix: normalized, of at most 24 characters
    :param callable choose: takes a sequence and returns one of it, unpredictably
    :rtype: str
    """
    while True:
        body = prefix + "".join(choose(CLEAR) for _place in range(BODY - 1))
        check = -_weigh(body + CHARACTERS[0]) % MODULUS
        if check < len(CHARACTERS) and CHARACTERS[check] in CLEAR:
            return body + CHARACTERS[check]


def display_code(code):
    """Return a code as it is shown; made ones in groups, for example:

    >>> display_code("SPRINGAB3DEF6HJK9M")
    'SPRING-AB3D-EF6H-JK9M'
    """
    if not check_code(code):
        return code
    prefix, body = code[:-BODY], code[-BODY:]
    groups = [body[start : start + GROUP] for start in range(0, BODY, GROUP)]
    return "-".join(filter(None, (prefix, *groups)))


def _weigh(code):
    """Return the weighted sum of a code's characters; the last one weighs 1."""
    return (
        sum(
            weight * CHARACTERS.index(character)
            for weight, character in enumerate(reversed(code), 1)
        )
        % MODULUS
    )
