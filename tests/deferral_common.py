"""What the tests of deferred revenue share."""

from odoo.fields import Command, Date

from .common import BillingMixin


class DeferralMixin(BillingMixin):
    """A company that invoices services which last."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.partner = cls.env["res.partner"].create({"name": "Acme Rockets Ltd"})
        incomes = cls.env["account.account"].search(
            [
                ("account_type", "=", "income"),
                ("company_ids", "in", cls.company.ids),
            ],
            order="code",
        )
        cls.income = incomes[0]
        cls.other_income = cls.income.copy({"name": "Plans"})

    @classmethod
    def line(cls, amount, start, end, income=None, **values):
        """Return the command for an invoice line of a service."""
        return Command.create(
            {
                "name": "Plan",
                "account_id": (income or cls.income).id,
                "price_unit": amount,
                "tax_ids": [],
                "bitpaket_service_start": start,
                "bitpaket_service_end": end,
                **values,
            }
        )

    @classmethod
    def invoice(
        cls, amount, start, end, *, date=None, other=0, currency=None, **values
    ):
        """Return a posted invoice of a service.

        :param float other: of a second line, which is revenue at once
        """
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.partner.id,
                "invoice_date": date or start,
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_line_ids": [
                    cls.line(amount, start, end, **values),
                    *([cls.line(other, False, False)] if other else []),
                ],
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def credit(cls, invoice, date):
        """Return a posted credit note of a whole invoice."""
        note = invoice._reverse_moves([{"invoice_date": date, "date": date}])
        note.action_post()
        return note

    @classmethod
    def credit_line(cls, amount, start, end, date):
        """Return a posted credit note of its own for the rest of a service."""
        note = cls.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": cls.partner.id,
                "invoice_date": date,
                "invoice_line_ids": [cls.line(amount, start, end)],
            }
        )
        note.action_post()
        return note

    def recognise(self):
        """Run the scheduled job."""
        cron = self.env.ref("bitpaket_billing.ir_cron_recognise_revenue")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        # The job numbers entries in a transaction of its own.
        self.env.cr.precommit.data.pop("sequence.mixin", None)

    @classmethod
    def deferrals(cls):
        return cls.env["bitpaket.deferral"].search(
            [("company_id", "=", cls.company.id)]
        )

    @classmethod
    def entries(cls):
        return cls.env["bitpaket.deferral.entry"].search(
            [("company_id", "=", cls.company.id)]
        )

    @classmethod
    def releases(cls):
        """Return date and amount of what was recognised."""
        return [
            (str(entry.date), entry.balance)
            for entry in cls.entries()
            if entry.kind == "release"
        ]

    @classmethod
    def waiting(cls, date="2030-01-01"):
        """Return what the deferred account says on a day."""
        return cls.on_account(cls.company.bitpaket_deferred_account_id, date)

    @classmethod
    def earned(cls, date="2030-01-01"):
        """Return what the revenue accounts say by a day."""
        return cls.on_account(cls.income | cls.other_income, date)

    @classmethod
    def on_account(cls, accounts, date):
        lines = cls.env["account.move.line"].search(
            [
                ("account_id", "in", accounts.ids),
                ("company_id", "=", cls.company.id),
                ("parent_state", "=", "posted"),
                ("date", "<=", Date.to_date(date)),
            ]
        )
        return -cls.company.currency_id.round(sum(lines.mapped("balance")))
