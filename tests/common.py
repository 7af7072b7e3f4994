"""What the tests with a database share: customers, prices, usage."""

from datetime import datetime, timedelta, timezone

from odoo.fields import Command, Date

from odoo.addons.bitpaket_billing import intake

GIB = 1024**3


class BillingMixin:
    """Class-level helpers for TransactionCase and HttpCase."""

    @classmethod
    def make_company(
        cls, name="Nimbus Storage Inc.", country="base.us", chart="generic_coa"
    ):
        """Return a company with a chart of accounts, and switch to it."""
        company = cls.env["res.company"].create(
            {
                "name": name,
                "country_id": cls.env.ref(country).id,
                # What tests report has the same date whenever they run.
                "bitpaket_usage_max_age_days": 0,
                "bitpaket_usage_retention_months": 0,
            }
        )
        cls.env.user.company_ids |= company
        cls.env["account.chart.template"].try_loading(
            chart, company=company, install_demo=False
        )
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": company.ids}
        )
        return company

    @classmethod
    def meter(cls, code):
        """Return the meter of the standard catalogue with this code."""
        return cls.env.ref(f"bitpaket_billing.meter_{code}")

    @classmethod
    def make_meter(cls, code, aggregation, *, book=None, unit_price=1, **values):
        """Return a meter of storage, with a price in a book."""
        meter = cls.env["bitpaket.meter"].create(
            {
                "name": code.replace("_", " ").capitalize(),
                "code": code,
                "kind": "storage",
                "aggregation": aggregation,
                "unit": "units",
                "product_id": cls.meter("storage").product_id.id,
                **values,
            }
        )
        if book:
            cls.env["bitpaket.price"].create(
                {
                    "book_id": book.id,
                    "meter_id": meter.id,
                    "date_start": "2020-01-01",
                    "unit_price": unit_price,
                }
            )
        return meter

    @classmethod
    def make_price_book(cls, name="Standard", start="2020-01-01", **values):
        """Return a book: requests 0.005/0.0004 per 1,000, storage 0.023, out 0.09."""
        prices = [
            {"meter": "requests_a", "unit_price": 0.005, "per": 1000},
            {"meter": "requests_b", "unit_price": 0.0004, "per": 1000},
            {"meter": "storage", "unit_price": 0.023},
            {"meter": "transfer_out", "unit_price": 0.09, "free_quantity": 100},
            {"meter": "transfer_in", "unit_price": 0},
        ]
        return cls.env["bitpaket.price.book"].create(
            {
                "name": name,
                "price_ids": [
                    Command.create(
                        {
                            "meter_id": cls.meter(price.pop("meter")).id,
                            "date_start": start,
                            **price,
                        }
                    )
                    for price in prices
                ],
                **values,
            }
        )

    @classmethod
    def make_account(cls, reference="acme", *, book=None, **values):
        """Return a billing account with a customer of its own."""
        name = values.pop("name", reference.replace("-", " ").title())
        partner = values.pop("partner", None) or cls.env["res.partner"].create(
            {
                "name": name,
                "email": f"billing@{reference}.example.com",
                "country_id": cls.env.ref("base.us").id,
            }
        )
        return cls.env["bitpaket.account"].create(
            {
                "name": name,
                "reference": reference,
                "partner_id": partner.id,
                "price_book_id": (book or cls.make_price_book()).id,
                "date_start": "2026-01-01",
                **values,
            }
        )

    @classmethod
    def make_portal_user(cls, account, login=None):
        """Return a portal login of the customer; its password is its login."""
        login = login or f"portal-{account.reference}"
        return cls.env["res.users"].create(
            {
                "name": account.partner_id.name,
                "login": login,
                "password": login,
                "partner_id": account.partner_id.id,
                "company_id": account.company_id.id,
                "company_ids": [Command.set(account.company_id.ids)],
                "group_ids": [Command.set(cls.env.ref("base.group_portal").ids)],
            }
        )

    @classmethod
    def make_reporter(cls, company, login="reporter"):
        """Return a user who reports usage for a company."""
        return cls.env["res.users"].create(
            {
                "name": "Control plane",
                "login": login,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [
                    Command.link(
                        cls.env.ref("bitpaket_billing.group_usage_reporter").id
                    )
                ],
            }
        )

    @classmethod
    def make_key(cls, user, scope="bitpaket.usage"):
        """Return a new API key of a user."""
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate(scope, "test", None)

    @classmethod
    def report(cls, account, meter, day, quantity, key=None):
        """Store one usage event, as the HTTP API does.

        :param str day: UTC day, noon of which the event gets
        :param quantity: in base units
        """
        moment = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=timezone.utc)
        key = key or f"{account.reference}-{meter}-{day}-{quantity}"
        row = cls.usage_row(account, key, meter, moment.isoformat(), str(quantity))
        return cls.store([row], moment + timedelta(days=1))

    @classmethod
    def usage_row(cls, account, key, meter, time, quantity, **values):
        """Return a row as a reporter sends it; a time without a zone is in UTC."""
        return {
            "id": key,
            "source": "test",
            "account": account.reference,
            "meter": meter,
            "time": time if time[-1:] == "Z" or "+" in time else f"{time}Z",
            "quantity": quantity,
            **values,
        }

    @classmethod
    def usage(cls, account, meter, start="2026-01-01", end="2028-01-01"):
        """Return what everything that bills sees, by day: (quantity, events)."""
        cls.env.invalidate_all()
        daily = cls.env["bitpaket.usage.store"]._daily_usage(account.ids, start, end)
        return {
            str(usage.day): (usage.quantity, usage.events)
            for usage in daily[account.id]
            if usage.meter == meter
        }

    @classmethod
    def store(cls, rows, now=None):
        """Store rows that are in order, whatever their age and the time.

        :param datetime now: for the check of the clock
        """
        accounts = cls.env["bitpaket.account"].search([])
        meters = cls.env["bitpaket.meter"].search([])
        checked = intake.check_rows(
            rows,
            intake.Catalogue(
                accounts={
                    account.reference: intake.Account(
                        account.id, account.date_start, account.date_end or None
                    )
                    for account in accounts
                },
                meters={
                    meter.code: intake.Meter(
                        meter.id, meter.aggregation, meter.allow_negative
                    )
                    for meter in meters
                },
                now=now or datetime.now(timezone.utc),
            ),
        )
        assert not checked.rejected and not checked.unknown.rows, checked
        return cls.env["bitpaket.usage.store"]._append(list(checked.good.rows.values()))

    @classmethod
    def report_month(cls, account, month="2026-10"):
        """Report a plain month: 20 USD worth of storage and requests, 9 of transfer.

        1,000 GiB of storage would be 23.00; here 500 GiB all month (11.50), 1.7 million
        class A requests (8.50) and 200 GiB out, 100 of them free (9.00): 29.00 in all.
        """
        start = Date.to_date(f"{month}-01")
        hours = (Date.end_of(start, "month") - start).days * 24 + 24
        cls.report(account, "storage", start, 500 * GIB * hours)
        cls.report(account, "requests_a", start, 1_700_000)
        cls.report(account, "transfer_out", start, 200 * GIB)

    @classmethod
    def arrive_later(cls):
        """Let the close lie in the past: one transaction has one time."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE bitpaket_statement"
            "   SET usage_seen_at = usage_seen_at - interval '1 day'"
        )
        cls.env.cr.execute(
            "UPDATE bitpaket_usage_daily SET updated = updated - interval '2 days'"
        )
        cls.env.invalidate_all()

    @classmethod
    def close(cls, account, until="2026-11-01"):
        """Invoice the ended periods in this transaction; return the statements."""
        statements = cls.env["bitpaket.statement"]
        statements._create_due(Date.to_date(until))
        due = statements.search(
            [("account_id", "in", account.ids), ("state", "=", "closed")]
        )
        due._invoice_batch()
        return due
