"""What the tests of coupons share."""

from odoo.fields import Command

from .common import BillingMixin


class CouponMaker:
    """Makes coupons and codes."""

    @classmethod
    def make_coupon(cls, percent=20, *, fixed=None, budget=0, minimum=0, **values):
        """Return a coupon of a percentage, or of a fixed amount in US dollars."""
        rows = []
        if fixed or budget or minimum:
            rows = [
                Command.create(
                    {
                        "currency_id": cls.env.ref("base.USD").id,
                        "amount": fixed or 0,
                        "budget": budget,
                        "minimum": minimum,
                    }
                )
            ]
        return cls.env["bitpaket.coupon"].create(
            {
                "name": "Spring",
                "type": "fixed" if fixed else "percent",
                "percent": percent,
                "amount_ids": rows,
                "meter_ids": [
                    Command.set([cls.meter(code).id for code in values.pop("on", ())])
                ],
                "company_id": cls.env.company.id,
                **values,
            }
        )

    @classmethod
    def make_code(cls, coupon, name="WELCOME", max_redemptions=0, **values):
        """Return a code that many share."""
        return cls.env["bitpaket.coupon.code"].create(
            {
                "coupon_id": coupon.id,
                "name": name,
                "max_redemptions": max_redemptions,
                **values,
            }
        )


class CouponMixin(CouponMaker, BillingMixin):
    """A company with an account that uses 29.00 in October 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_price_book()
        cls.account = cls.make_account("acme", book=cls.book, date_start="2026-10-01")

    def facts(self, statement):
        """Return the coupon lines of a statement: (name, amount)."""
        return [
            (line.name, line.amount)
            for line in statement.line_ids.filtered("redemption_id")
        ]
