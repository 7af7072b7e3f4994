"""What FastSpring says and understands, without Odoo.

Amounts are :class:`decimal.Decimal`, moments are aware UTC datetimes, what FastSpring
left out is ``None``. Nothing here opens a connection: :class:`client.FastSpringClient`
is given a transport.
"""

from . import (
    answers,
    automatic,
    client,
    const,
    credits,
    errors,
    events,
    expected,
    matching,
    orders,
    payouts,
    returns,
    session_checks,
    sessions,
    signature,
    subscriptions,
    values,
)
