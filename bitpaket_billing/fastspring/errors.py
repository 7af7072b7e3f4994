"""Everything this package raises."""


class FastSpringError(Exception):
    """Something went wrong with FastSpring."""


class PayloadError(FastSpringError):
    """What was received is not what FastSpring sends."""


class NoAnswer(FastSpringError):
    """No usable answer came; the call may be repeated later."""


class AnswerLost(NoAnswer):
    """No usable answer came to a call that moves money.

    It may have gone through: look at FastSpring for its effect, never just repeat it.
    """


class RateLimited(FastSpringError):
    """FastSpring wants fewer calls; this one did nothing.

    :param int retry_after: The seconds to wait, or None if it did not say.
    """

    def __init__(self, retry_after=None):
        super().__init__("FastSpring asks to slow down")
        self.retry_after = retry_after


class ApiError(FastSpringError):
    """FastSpring refused; nothing was done.

    :param str code: FastSpring's code, such as `RETURN_ITEMS_AMOUNT_ZERO_ERROR`, else
                     `NOT_FOUND`, `UNREADABLE`, `AUTHENTICATION`, `HTTP_400` (or another
                     status), `REFUSED`.
    :param str text: FastSpring's words.
    :param str field: The field FastSpring complains about, if it named one.
    :param int status: The HTTP status.
    """

    def __init__(self, code, text, *, field=None, status=None):
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text
        self.field = field
        self.status = status


class AuthError(ApiError):
    """The API credentials are wrong, or may not do this."""


class NotFound(ApiError):
    """FastSpring does not know the object.

    Older FastSpring documents say that calls over the limit are answered with HTTP 404,
    so an object known to exist is worth a second try if `status` is 404.
    """


class Unreadable(ApiError):
    """FastSpring could not read our request."""
