import random

from hypothesis import given
from hypothesis import strategies as st
from rating import codes

prefixes = st.text(codes.CHARACTERS, max_size=codes.LONGEST - codes.BODY)
made = st.builds(
    lambda prefix, seed: codes.make_code(prefix, random.Random(seed).choice),
    prefixes,
    st.integers(0, 10**6),
)


@given(made)
def test_made_codes_pass_and_are_clear(code):
    assert codes.check_code(code)
    assert set(code[-codes.BODY :]) <= set(codes.CLEAR)


@given(made, st.data())
def test_one_wrong_character_never_passes(code, data):
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from(codes.CHARACTERS.replace(code[place], "")))
    assert not codes.check_code(code[:place] + other + code[place + 1 :])


@given(made, st.data())
def test_two_characters_that_changed_places_never_pass(code, data):
    one = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.integers(0, len(code) - 1))
    swapped = list(code)
    swapped[one], swapped[other] = code[other], code[one]
    assert codes.check_code("".join(swapped)) == (code[one] == code[other])


@given(made)
def test_how_it_is_typed_makes_no_difference(code):
    shown = codes.display_code(code)
    assert codes.normalize_code(shown) == code
    assert codes.normalize_code(f" {shown.lower()} ") == code


def test_what_was_chosen_by_people_is_shown_as_it_is():
    assert codes.display_code("WELCOME20") == "WELCOME20"
    assert not codes.check_code("WELCOME20")
