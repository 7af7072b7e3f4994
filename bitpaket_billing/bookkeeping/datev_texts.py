"""What is said about books that go to DATEV."""

from .types import _lt

# English texts, with placeholders as Odoo's translations want them.
# pylint: disable=prefer-env-translation
NO_CONSULTANT = _lt("Set DATEV's consultant number, from 1001 to 9999999.")
NO_CLIENT = _lt("Set DATEV's client number, from 1 to 99999.")
WRONG_LENGTH = _lt(
    "DATEV's accounts have 4 to 8 digits. Set how many those of this client have."
)
WRONG_CHART = _lt("DATEV knows charts of accounts by two digits, such as 03 or 04.")
WRONG_INITIALS = _lt("The initials for DATEV are two capital letters, or none.")
CURRENCY_DECIMALS = _lt("DATEV keeps two decimals, %(currency)s has more.")
WRONG_KEY = _lt("“%(key)s” is not a tax key of DATEV: it has up to four digits.")
WRONG_RATE = _lt("The rate of the tax key %(key)s is not a percentage: “%(rate)s”.")
NUMBER_TWICE = _lt("%(partner)s and %(other)s both have the person account %(number)s.")
NO_NUMBER = _lt("Account %(account)s %(name)s has no number at DATEV.")
NOT_DIGITS = _lt("Account %(account)s %(name)s: at DATEV, a number is made of digits.")
WRONG_DIGITS = _lt(
    "Account %(account)s %(name)s has %(digits)s digits, those of this client have"
    " %(length)s."
)
UNBALANCED = _lt("%(entry)s does not balance.")
NO_NAME = _lt("An entry without a number cannot go to DATEV.")
OTHER_YEAR = _lt("%(entry)s is of another fiscal year; it goes into a file of its own.")
LEFT_OUT = _lt(
    "%(amount)s %(currency)s on account %(account)s are left out: they are worth"
    " nothing in the company's currency."
)
NO_PARTNER = _lt(
    "A line on account %(account)s has no partner, so DATEV has no account for it."
)
NO_DEBTOR = _lt("%(partner)s has no debtor number.")
NO_CREDITOR = _lt("%(partner)s has no creditor number.")
WRONG_PERSON = _lt(
    "%(partner)s: the person account %(number)s must have %(length)s digits, the"
    " first of them %(digits)s."
)
NOTHING = _lt("%(entry)s moves nothing and is left out.")
TOO_MANY_ROWS = _lt("%(entry)s has more lines than fit into a file of DATEV.")
TOO_MUCH = _lt("%(entry)s: DATEV takes amounts below 10,000,000,000.")
TOO_MANY_DECIMALS = _lt("%(entry)s: DATEV keeps two decimals.")
OPEN_TAX = _lt("%(entry)s: its tax is booked as it stands, without a tax key.")
NUMBER_CUT = _lt("The number %(number)s is too long for DATEV; its end is kept.")
SIMILAR = _lt(
    "“%(text)s”: DATEV lacks the characters %(characters)s; similar ones are written."
)
UNKNOWN_CHARACTERS = _lt(
    "“%(text)s”: DATEV lacks the characters %(characters)s. Change the text, or let"
    " similar ones be written."
)
TEXT_CUT = _lt("“%(text)s” is cut to %(limit)s characters.")
