"""What can go wrong while rating.

Every error carries its facts as attributes, so that a caller can word (and
translate) the message itself; ``str(error)`` is for logs.
"""


class RatingError(ValueError):
    """Base of all errors of this package.

    Subclasses name their facts in ``fields``; the positional arguments become
    attributes of these names.
    """

    fields = ()
    message = "rating failed"

    def __init__(self, *args):
        super().__init__(*args)
        for name, value in zip(self.fields, args, strict=True):
            setattr(self, name, value)

    def __str__(self):
        return self.message.format(**dict(zip(self.fields, self.args, strict=True)))


class InvalidValue(RatingError):
    """A value has no meaning here (an unknown model, a period that ends too early)."""

    fields = ("name", "value")
    message = "{name} cannot be {value!r}"


class UnknownMeter(RatingError):
    """Usage names a meter that the request does not list."""

    fields = ("meter",)
    message = "meter {meter!r} is unknown"


class UsageOutsidePeriod(RatingError):
    """Usage is dated before the period starts, or on or after its end."""

    fields = ("meter", "date")
    message = "usage of {meter!r} on {date} lies outside the period"


class DuplicateUsage(RatingError):
    """Two quantities for one day of a meter whose quantities cannot be added."""

    fields = ("meter", "date")
    message = "usage of {meter!r} on {date} is given twice"


class MissingPrice(RatingError):
    """There was usage on a day on which no price is in force."""

    fields = ("meter", "date")
    message = "no price of {meter!r} is in force on {date}"


class OverlappingPrices(RatingError):
    """Two prices of one meter are in force on the same day."""

    fields = ("meter", "date")
    message = "more than one price of {meter!r} is in force on {date}"


class BeyondLastTier(RatingError):
    """The quantity exceeds the upper bound of the last tier."""

    fields = ("quantity", "up_to")
    message = "{quantity} lies beyond the last tier, which ends at {up_to}"
