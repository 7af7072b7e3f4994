"""One month of every published price table, compared with a file and with hand work.

To write the files anew: BITPAKET_WRITE_GOLDEN=1 make test ARGS=tests/golden
Read what git shows as changed before you commit it.
"""

import os
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from odoo.tests import freeze_time, tagged
from odoo.tools.misc import formatLang

from .common import VendorCase
from .vendors import MONTHS

FOLDER = Path(__file__).parent
CENT = Decimal("0.01")
WIDTH = 112


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestGoldenInvoices(VendorCase):
    def check(self, vendor):
        """Bill a vendor's months, and compare them with hand work and the file."""
        book = self.load(vendor)
        pages = [f"{book.name}\n{book.source}"]
        for month, meters in MONTHS[vendor].items():
            usage = {code: days for code, (days, _amounts) in meters.items() if code}
            statement = self.bill(book, month, usage)
            for code, (_days, amounts) in meters.items():
                with self.subTest(month=month, meter=code):
                    self.assertEqual(
                        self.charged(statement, code), [cents(one) for one in amounts]
                    )
            pages.append(self.page(statement))
        self.assertEqual(
            book.price_ids - self.used_prices(book),
            book.price_ids.browse(),
            "every price is used",
        )
        text = "\n\n".join(pages) + "\n"
        path = FOLDER / f"{vendor}.txt"
        if os.environ.get("BITPAKET_WRITE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        self.maxDiff = None
        self.assertEqual(text, path.read_text(encoding="utf-8"))

    def charged(self, statement, code):
        """Return the amounts of a meter's lines that cost something."""
        lines = statement.line_ids.filtered(
            lambda line: (line.meter_id.code or None) == code and line.amount
        )
        return [Decimal(f"{line.amount:.2f}") for line in lines]

    def used_prices(self, book):
        lines = self.env["bitpaket.usage.line"].search(
            [("price_id", "in", book.price_ids.ids)]
        )
        return lines.price_id

    def page(self, statement):
        """Return the posted invoice of a month as text."""
        move = statement.move_id
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.amount_untaxed, statement.amount_total)
        self.assertAlmostEqual(
            move.amount_untaxed, sum(move.invoice_line_ids.mapped("price_subtotal"))
        )
        rows = [
            f"== {statement._period_label()}: invoice of {move.invoice_date}, "
            f"in {move.currency_id.name} ==",
            "",
        ]
        for line in move.usage_line_ids:
            rows.append(row(line.name, self.money(line.amount)))
            quantity, days = line._quantity_text(), line._period_text()
            for label, text in (
                ("days", days if days != statement._period_label() else ""),
                ("used", quantity and f"{quantity} {line.unit}"),
                ("price", line._price_text()),
                ("how", line.explanation),
            ):
                if text:
                    rows.append(f"    {label:<6}{text}")
        rows += ["", "-- On the invoice --"]
        rows += [
            row(line.name, self.money(line.price_subtotal))
            for line in move.invoice_line_ids
        ]
        rows.append(row("Total before tax", self.money(move.amount_untaxed)))
        return "\n".join(rows)

    def money(self, amount):
        return formatLang(self.env, amount, digits=2)


def row(text, amount):
    return f"{text:<{WIDTH - 12}}{amount:>12}"


def cents(amount):
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def make_test(vendor):
    def test(self):
        self.check(vendor)

    return test


for vendor in MONTHS:
    setattr(TestGoldenInvoices, f"test_{vendor}", make_test(vendor))
