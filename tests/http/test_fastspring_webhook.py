"""The webhook over real HTTP: who may speak, what is stored, what is answered."""

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.bitpaket_billing.fastspring import const

from ..fastspring_common import FastSpringMixin

LOGGER = "odoo.addons.bitpaket_billing.controllers.fastspring"


@tagged("standard", "post_install", "-at_install")
class TestFastSpringWebhook(FastSpringMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(29.0)
        cls.transaction = cls.make_transaction(cls.invoice)
        cls.order = cls.make_order(cls.transaction)
        cls.event = cls.make_event("order.completed", cls.order)

    def post(self, body, headers=None, provider_id=None):
        """Send a delivery; return status and text of the answer."""
        number = self.provider.id if provider_id is None else provider_id
        response = self.url_open(
            f"/payment/fastspring/webhook/{number}",
            data=body,
            headers=self.sign(body) if headers is None else headers,
            method="POST",
        )
        self.env.invalidate_all()
        return response.status_code, response.text

    def send(self, *events):
        """Send a well signed delivery."""
        return self.post(self.make_body(*events))

    def stored(self):
        """Return the stored events."""
        return self.events.search([("provider_id", "=", self.provider.id)], order="id")

    def assertNothingPaid(self):
        self.assertEqual(self.transaction.state, "draft")
        self.assertEqual(self.invoice.amount_residual, 29.0)

    # === Who may speak === #

    def test_accept_notification_with_valid_signature(self):
        self.assertEqual(self.send(self.event), (200, ""))
        self.assertEqual(self.stored().state, "new")
        self.assertNothingPaid()
        self.process([self.order])
        self.assertEqual(self.invoice.payment_state, "paid")

    @mute_logger(LOGGER)
    def test_reject_notification_with_missing_or_invalid_signature(self):
        body = self.make_body(self.event)
        other = self.make_body({**self.event, "id": "EV-other"})
        good = self.sign(body)["X-FS-Signature"]
        for name, headers in {
            "missing": {"Content-Type": "application/json"},
            "empty": {"X-FS-Signature": ""},
            "wrong secret": self.sign(body, "guess"),
            "of another body": self.sign(other),
            "without secret": self.sign(body, ""),
            "cut": {"X-FS-Signature": good[:-1]},
            "not ASCII": {"X-FS-Signature": "é"},
            "hex": {"X-FS-Signature": "0" * 64},
        }.items():
            with self.subTest(name=name):
                self.assertEqual(self.post(body, headers), (403, ""))
        self.assertFalse(self.stored())

    @mute_logger(LOGGER)
    def test_forged_content_is_refused(self):
        """One changed digit, with the signature of the original."""
        body = self.make_body(self.event)
        forged = body.replace(b"29.0", b"2.90")
        self.assertNotEqual(body, forged)
        self.assertEqual(self.post(forged, self.sign(body)), (403, ""))
        self.assertFalse(self.stored())

    @mute_logger(LOGGER)
    def test_without_a_secret_nobody_may_speak(self):
        self.env.cr.execute(
            "UPDATE payment_provider SET fastspring_webhook_secret = NULL"
        )
        self.env.invalidate_all()
        body = self.make_body(self.event)
        for headers in (self.sign(body, ""), self.sign(body), {}):
            self.assertEqual(self.post(body, headers), (403, ""))
        self.assertFalse(self.stored())

    def test_unknown_and_disabled_providers_do_not_exist(self):
        body = self.make_body(self.event)
        other = self.env["payment.provider"].create(
            {"name": "Other", "company_id": self.company.id, "state": "test"}
        )
        disabled = self.provider.copy({"fastspring_webhook_secret": "x"})
        for number in (other.id, disabled.id, 2147483647):
            with self.subTest(number=number):
                self.assertEqual(self.post(body, provider_id=number), (404, ""))
        for number in (2147483648, -1, "x", ""):
            with self.subTest(number=number):
                self.assertEqual(self.post(body, provider_id=number)[0], 404)

    @mute_logger(LOGGER)
    def test_secret_of_another_provider_does_not_open_this_one(self):
        other = self.make_provider(self.company, fastspring_webhook_secret="other")
        body = self.make_body(self.event)
        status, _text = self.post(body, self.sign(body), provider_id=other.id)
        self.assertEqual(status, 403)
        self.assertEqual(self.post(body, self.sign(body, "other")), (403, ""))

    def test_signature_is_over_the_bytes_whatever_they_are_called(self):
        body = self.make_body(self.event)
        for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
            with self.subTest(kind=kind):
                headers = {**self.sign(body), "Content-Type": kind}
                self.assertEqual(self.post(body, headers), (200, ""))

    def test_only_post(self):
        response = self.url_open(f"/payment/fastspring/webhook/{self.provider.id}")
        self.assertEqual(response.status_code, 405)

    def test_no_session_is_started(self):
        body = self.make_body(self.event)
        response = self.url_open(
            f"/payment/fastspring/webhook/{self.provider.id}",
            data=body,
            headers=self.sign(body),
        )
        self.assertNotIn("session_id", response.cookies)

    # === Bad input === #

    def test_too_large(self):
        body = b" " * (const.MAX_BODY + 1)
        self.assertEqual(self.post(body)[0], 413)

    @mute_logger(LOGGER)
    def test_genuine_and_unreadable(self):
        for body in (
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"events": {}}',
            b"\xff",
            b"[" * 9999,
        ):
            with self.subTest(body=body[:20]):
                self.assertEqual(self.post(body), (400, ""))
        self.assertFalse(self.stored())

    def test_empty_delivery(self):
        self.assertEqual(self.send(), (200, ""))

    def test_event_without_id_is_not_acknowledged_and_loses_no_other(self):
        nameless = {key: item for key, item in self.event.items() if key != "id"}
        self.assertEqual(self.send(nameless, self.event), (202, self.event["id"]))
        self.assertEqual(self.stored().event_id, self.event["id"])
        self.assertEqual(self.send(nameless), (503, ""))

    def test_strange_event_is_kept_and_loses_no_other(self):
        strange = {"id": "EV-strange", "type": "order.completed", "data": "?"}
        self.assertEqual(self.send(strange, self.event), (200, ""))
        self.process([self.order])
        first, second = self.stored()
        self.assertEqual((first.state, second.state), ("manual", "done"))
        self.assertEqual(self.invoice.payment_state, "paid")

    # === Again and again === #

    def test_replayed_delivery_pays_once(self):
        body = self.make_body(self.event)
        for _delivery in range(3):
            self.assertEqual(self.post(body), (200, ""))
            self.process([self.order])
        self.assertEqual(len(self.stored()), 1)
        self.assertEqual(len(self.invoice._get_reconciled_payments()), 1)

    def test_the_same_id_with_other_content_changes_nothing(self):
        self.send(self.event)
        other = {**self.event, "data": {**self.order, "total": 1.0}}
        self.assertEqual(self.send(other), (200, ""))
        self.assertEqual(len(self.stored()), 1)
        self.process([self.order])
        self.assertEqual(self.invoice.payment_state, "paid")

    def test_the_same_event_twice_in_a_batch(self):
        self.assertEqual(self.send(self.event, self.event), (200, ""))
        self.assertEqual(len(self.stored()), 1)

    def test_batch_of_many_kinds(self):
        other = self.make_transaction(self.make_invoice(7.0))
        order = self.make_order(other)
        self.assertEqual(
            self.send(
                self.make_event("account.created", {"id": "account-1"}),
                self.event,
                self.make_event("parrot.escaped", {"id": "p"}),
                self.make_event("order.completed", order),
                self.make_event("payoutEntry.created", {"id": "x"}),
            ),
            (200, ""),
        )
        self.process([self.order, order])
        self.assertEqual(
            self.stored().mapped("state"),
            ["ignored", "done", "ignored", "done", "manual"],
        )
        self.assertEqual((self.transaction.state, other.state), ("done", "done"))

    # === Genuine, and not our payment === #

    def test_genuine_mismatch_is_acknowledged_kept_and_pays_nothing(self):
        """Each twice, since Odoo's own amount check gives in to the second delivery."""
        reference = self.transaction.reference
        for name, changes, reason in [
            (
                "store",
                {"invoiceUrl": "https://shop.onfastspring.com/account/order/x"},
                "The store is shop instead of bitpaket.",
            ),
            ("mode", {"live": True}, "The mode is live instead of test."),
            (
                "reference",
                {"tags": {"odoo_tx": f"{reference}-9"}},
                f"The order is for payment {reference}-9, which FastSpring does not "
                "know.",
            ),
        ]:
            order = {**self.order, **changes}
            for delivery in (1, 2):
                with self.subTest(name=name, delivery=delivery):
                    event_id = f"EV-{name}-{delivery}"
                    event = self.make_event("order.completed", order, event_id)
                    self.assertEqual(self.send(event), (200, ""))
                    self.process([order])
                    kept = self.events.search([("event_id", "=", event_id)])
                    self.assertEqual((kept.state, kept.reason), ("manual", reason))
                    self.assertNothingPaid()

    def test_other_money_is_kept_once_and_pays_nothing(self):
        order = {**self.order, "total": 2.9, "subtotal": 2.9}
        for delivery in ("EV-1", "EV-2"):
            event = self.make_event("order.completed", order, delivery)
            self.assertEqual(self.send(event), (200, ""))
            self.process([order])
            kept = self.events.search([("event_id", "=", delivery)])
            self.assertEqual(kept.state, "manual")
            self.assertIn("2.90 came instead of", kept.reason)
        credit = self.env["bitpaket.fastspring.credit"].search([])
        self.assertEqual((len(credit), credit.amount), (1, 2.9))
        self.assertEqual(self.invoice.amount_residual, 29.0)
        self.assertFalse(self.transaction.payment_id)
