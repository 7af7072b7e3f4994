"""Sign and verify webhook deliveries."""

import base64
import hashlib
import hmac


def sign(body, secret):
    """Return the value of the `X-FS-Signature` header.

    :param bytes body: The raw body, exactly as sent.
    :param str secret: The secret of the webhook.
    :return: The HMAC-SHA256 of the body in base64.
    :rtype: str
    """
    digest = hmac.new(secret.encode("utf-8"), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")


def verify(body, header, secret):
    """Tell whether FastSpring sent this body.

    Without a secret or a header the answer is no: FastSpring lets both be left out.

    :param bytes body: The raw body, exactly as received.
    :param str header: The `X-FS-Signature` header, or None.
    :param str secret: The secret of the webhook, or None.
    :rtype: bool
    """
    if not (isinstance(secret, str) and secret.strip()):
        return False
    if not (isinstance(header, str) and header and isinstance(body, bytes)):
        return False
    try:
        return hmac.compare_digest(header.encode("ascii"), sign(body, secret).encode())
    except UnicodeError:
        return False
