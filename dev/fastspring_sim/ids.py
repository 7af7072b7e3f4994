"""Identifiers in the shapes that recorded FastSpring objects show."""

import base64
import secrets
from datetime import datetime, timezone


def new_id():
    """Return an id of an order, account, subscription or return: 22 characters."""
    return secrets.token_urlsafe(16)


def new_event_id():
    """Return an event id: `EV` and 28 upper-case characters."""
    return "EV" + _base32(28)


def new_session_id():
    """Return a session id of the current Sessions API: `OS` and 18 characters."""
    return "OS" + _base32(18)


def new_invoice_id():
    """Return the last part of an invoice address: `IV` and 26 characters."""
    return "IV" + _base32(26)


def new_reference(store, milliseconds, suffix=""):
    """Return the reference that a buyer sees, dated by when the order was placed.

    :param str store: the store's name
    :param int milliseconds: time of placing, since the epoch
    :param str suffix: `B` for a rebill, `X` or `D` for a full or partial return
    :return: for example `BITPAKET261122-4821-12345B`
    """
    day = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    letters = "".join(char for char in store.upper() if char.isalnum())
    first, second = secrets.randbelow(9000) + 1000, secrets.randbelow(90000) + 10000
    return f"{letters}{day:%y%m%d}-{first}-{second}{suffix}"


def _base32(length):
    return base64.b32encode(secrets.token_bytes(20)).decode()[:length]
