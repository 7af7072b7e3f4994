"""The calls of FastSpring's API that billing needs."""

from urllib.parse import quote

from . import answers, const, values
from .errors import AnswerLost, FastSpringError, NoAnswer, PayloadError
from .events import parse_event
from .orders import Order
from .returns import Return
from .subscriptions import Subscription

MAX_PAGES = 200


class FastSpringClient:
    """Call the API over an injected transport.

    Every method may raise the errors of :mod:`errors`. A method that moves money raises
    :class:`AnswerLost` when it is not known whether it did.

    :param transport: A function that sends one request and returns the answer::

            transport(method, path, *, params=None, json=None, idempotent=True)
                -> answers.Response

        It adds host, credentials, `User-Agent` and a timeout, and returns every HTTP
        status alike. It raises an `OSError` (as `requests` does) or `NoAnswer` when no
        answer came, and must not send a request with `idempotent=False` twice.
    """

    def __init__(self, transport):
        self._transport = transport

    # === Checkout === #

    def create_session(self, request):
        """Create a checkout session; check it before use.

        :param SessionRequest request: What :mod:`sessions` built.
        :return: The answer.
        :rtype: dict
        """
        return self._call("POST", request.path, json=request.json, read=_object)

    def get_session_status(self, path):
        """Fetch what became of a session of the current API.

        :param str path: What :func:`sessions.status_path` built.
        :return: Such as `OPEN` or `COMPLETED`; None if it is not told.
        :rtype: str | None
        """
        return self._call(
            "GET",
            path,
            read=lambda document: values.text(_object(document).get("status")),
        )

    # === Orders and returns === #

    def get_order(self, order_id):
        """Fetch an order, with the returns made so far.

        :param str order_id: The order's id or reference.
        :rtype: Order
        """

        def read(document):
            order = Order.from_payload(document)
            if order_id not in (order.id, order.reference):
                raise PayloadError("FastSpring answered with another order")
            return order

        return self._call("GET", f"/orders/{_segment(order_id)}", read=read)

    def create_return(
        self, order_id, *, amounts=None, reason="OTHER", note="", notify=True
    ):
        """Give money back, all of it or part. Moves money.

        After :class:`AnswerLost`, the order's `returns` tell whether it was done.

        :param str order_id: The order's id or reference.
        :param dict amounts: The amount per product path, in the order's currency and
                             before the tax FastSpring adds to it; None for everything.
        :param str reason: One of FastSpring's reasons, such as `DUPLICATE_ORDER`.
        :param str note: A text for the seller.
        :param bool notify: Whether FastSpring mails the buyer.
        :rtype: Return
        """
        item = {
            "order": order_id,
            "reason": reason,
            "note": note[: const.TEXT_LIMIT],
            "notification": "ORIGINAL" if notify else "NONE",
            "refundType": "FULL" if amounts is None else "PARTIAL",
        }
        if amounts is not None:
            item["items"] = [
                {"product": product, "amount": amount}
                for product, amount in amounts.items()
            ]
        return self._call(
            "POST",
            "/returns",
            json={"returns": [item]},
            once=True,
            read=lambda document: Return.from_payload(_succeeded(document, "returns")),
        )

    def get_return(self, return_id):
        """Fetch a refund.

        :param str return_id: The return.
        :rtype: Return
        """

        def read(document):
            found = Return.from_payload(answers.items(document, "returns")[0])
            if found.id != return_id:
                raise PayloadError("FastSpring answered with another return")
            return found

        return self._call("GET", f"/returns/{_segment(return_id)}", read=read)

    # === Events === #

    def list_unprocessed_events(self, days=const.MAX_EVENT_DAYS):
        """Fetch the events that were not acknowledged, all pages of them.

        :param int days: How far to look back, 30 at most.
        :return: The events, each id once; one listed as a bare id has an `error`.
        :rtype: list[Event]
        """
        events, page = {}, 1
        while page and page <= MAX_PAGES:
            params = {"days": min(days, const.MAX_EVENT_DAYS), "page": page}
            document = self._call(
                "GET", "/events/unprocessed", params=params, read=_object
            )
            listed = document.get("events")
            found = map(parse_event, listed if isinstance(listed, list) else [])
            new = {event.id: event for event in found if event.id not in events}
            events.update(new)
            # A page that brings nothing new would bring nothing new for ever.
            page = _next_page(document, page) if new else None
        return [event for event in events.values() if event.id]

    def mark_event_processed(self, event_id):
        """Tell FastSpring that an event need not come again.

        :param str event_id: The event.
        :return: None
        """
        self._call("POST", f"/events/{_segment(event_id)}", json={"processed": True})

    # === Subscriptions === #

    def get_subscription(self, subscription_id):
        """Fetch a subscription.

        :param str subscription_id: The subscription.
        :rtype: Subscription
        """

        def read(document):
            subscription = Subscription.from_payload(document)
            if subscription.id != subscription_id:
                raise PayloadError("FastSpring answered with another subscription")
            return subscription

        path = f"/subscriptions/{_segment(subscription_id)}"
        return self._call("GET", path, read=read)

    def update_subscription(self, subscription_id, changes):
        """Change a subscription, for example what its next charge costs.

        :param str subscription_id: The subscription.
        :param dict changes: In FastSpring's words, amounts as Decimals:
                             `{"pricing": {"price": {"EUR": Decimal("137.42")}}}`.
        :return: None
        """
        item = {"subscription": subscription_id, **changes}
        self._call(
            "POST", "/subscriptions", json={"subscriptions": [item]}, read=_subscribed
        )

    def charge_subscription(self, subscription_id):
        """Charge a managed subscription its current price. Moves money.

        The answer only says that FastSpring tries: the outcome is an event. After
        :class:`AnswerLost`, :meth:`list_subscription_orders` tells whether it was done.

        :param str subscription_id: The subscription.
        :return: None
        """
        self._call(
            "POST",
            "/subscriptions/charge",
            json={"subscriptions": [{"subscription": subscription_id}]},
            once=True,
            read=_subscribed,
        )

    def list_subscription_orders(self, subscription_id):
        """Fetch the orders of a subscription's charges.

        :param str subscription_id: The subscription.
        :rtype: list[Order]
        """
        return self._call(
            "GET",
            f"/subscriptions/{_segment(subscription_id)}/entries",
            read=lambda document: [
                Order.from_payload(entry["order"])
                for entry in answers.items(document, "entries")
                if entry.get("order")
            ],
        )

    def cancel_subscription(self, subscription_id):
        """End a subscription at once.

        :param str subscription_id: The subscription.
        :return: None
        """
        path = f"/subscriptions/{_segment(subscription_id)}"
        self._call("DELETE", path, params={"billingPeriod": 0})

    # === Accounts === #

    def get_account(self, account_id):
        """Fetch a buyer's account.

        :param str account_id: The account.
        :return: The account in FastSpring's words, personal data included.
        :rtype: dict
        """
        return self._call("GET", f"/accounts/{_segment(account_id)}", read=_object)

    def authenticate(self, account_id, tab="", home=""):
        """Get an address that opens the buyer's account without a password.

        :param str account_id: The account.
        :param str tab: Where to land, such as `subscriptions`.
        :param str home: The address of a storefront that stands in for FastSpring's.
        :return: The address, for the buyer only and for a short time.
        :rtype: str
        """

        def read(document):
            url = values.text(_succeeded(document, "accounts").get("url"))
            trusted = f"{home}/" if home else "https://"
            if not url or not url.startswith(trusted):
                raise PayloadError("FastSpring gave no address")
            return f"{url}#/{tab}" if tab else url

        path = f"/accounts/{_segment(account_id)}/authenticate"
        return self._call("GET", path, read=read)

    # === The call === #

    def _call(self, method, path, *, params=None, json=None, once=False, read=None):
        """Send a request and read the answer.

        :param bool once: Whether a second identical call would move money twice.
        :param read: What makes the result of the document.
        """
        json = values.wire(json)
        try:
            response = self._transport(
                method, path, params=params, json=json, idempotent=not once
            )
            document = answers.read(response)
            return read(document) if read else None
        except (NoAnswer, OSError, PayloadError) as error:
            # What went wrong may quote the request, so only our own words are kept.
            said = error if isinstance(error, FastSpringError) else type(error).__name__
            kind = AnswerLost if once else NoAnswer
            raise kind(f"{method} {path}: {said}") from error


def _segment(object_id):
    return quote(object_id, safe="")


def _object(document):
    if not isinstance(document, dict):
        raise PayloadError("not an object")
    return document


def _succeeded(document, *keys):
    """Return the one item of an answer; anything but success leaves it open."""
    found = answers.items(document, *keys)
    if len(found) != 1 or found[0].get("result") != "success":
        raise PayloadError("the answer does not say that it was done")
    return found[0]


def _subscribed(document):
    return _succeeded(document, "subscriptions", "subscription")


def _next_page(document, page):
    """Return the number of the next page, None after the last one."""
    following = values.integer(document.get("nextPage"))
    if following is None and document.get("more") is True:
        following = page + 1
    return following if following and following > page else None
