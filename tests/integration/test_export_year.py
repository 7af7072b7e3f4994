"""A year of every kind of entry, in three charts: foreign programs read the exports,
and each comes to what the ledger holds, account by account.
"""

import csv
import io
import json
import re
import subprocess
import sys
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from unittest.mock import patch

import openpyxl
import pytest
from beancount import loader
from beancount.core import convert, data
from mloda.community.feature_groups.experimental.german_ledger.datev import read_batch

from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.sql_db import close_db
from odoo.tests import Form, TransactionCase, tagged
from odoo.tools import config

from odoo.addons.bitpaket_billing import bookkeeping
from odoo.addons.bitpaket_billing.bookkeeping import beancount, plaintext
from odoo.addons.bitpaket_billing.models.bitpaket_export_target_books import Names

from ..export_year import YearMixin
from ..processes import Scratch
from .test_pack_libreoffice import FILTER

ZERO, CENT = Decimal(0), Decimal("0.01")
KINDS = {
    *("invoice", "credit_note", "payment", "refund", "chargeback", "fee", "payout"),
    *("recognition", "entry"),
}
#: Columns of vendors' files: account, and the amount or debit and credit.
COLUMNS = {
    "xero": ("*AccountCode", "*Amount"),
    "quickbooks": ("AccountName", "Debits", "Credits"),
    "sage50": ("Nominal A/C Ref", "Net Amount"),
    "yevmiye": ("Hesap Kodu", "Borç", "Alacak"),
}
ROWS = {"xero": 300, "quickbooks": 1000, "luca": 400}


elsewhere = pytest.MonkeyPatch()


def setUpModule():
    """Have the charts of two countries, in a database of their own."""
    global scratch
    scratch = Scratch("year")
    subprocess.run(
        [
            *(sys.executable, "-m", "odoo", "server", "-i", "l10n_de,l10n_tr"),
            *("--stop-after-init", "--no-http", "--log-level=error"),
        ],
        env=scratch.environment,
        check=True,
        timeout=300,
    )
    # What loads a registry for tests would look for tests that run meanwhile.
    with patch.object(type(config), "__getitem__", _without_tests):
        Registry(scratch.name)
    # Not a patcher, which Odoo would stop after the first class.
    elsewhere.setattr("odoo.tests.common.get_db_name", lambda: scratch.name)


_getitem = type(config).__getitem__


def _without_tests(options, name):
    return name != "test_enable" and _getitem(options, name)


def tearDownModule():
    elsewhere.undo()
    Registry.delete(scratch.name)
    close_db(scratch.name)
    scratch.__exit__()


def run(*command):
    """Return what a program prints; it must end well and complain about nothing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr or done.stdout
    return done.stdout


def add(sums, key, amount):
    sums[key] = sums.get(key, ZERO) + amount


def moved(sums):
    """Return the sums that are not zero."""
    return {key: amount for key, amount in sums.items() if amount}


def amount_of(text):
    return Decimal(text.replace(",", ".") or 0)


class YearCase(YearMixin, TransactionCase):
    def test_year(self):
        self.live()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.check_lines()
        for name in ("beancount", "hledger", "ledger", "pack", "datev"):
            with self.subTest(name):
                getattr(self, f"check_{name}")()
        for name in bookkeeping.PROFILES:
            with self.subTest(name):
                self.check_profile(name)

    # === WHAT THE LEDGER HOLDS === #

    def ledger(self, key=lambda account, partner: account.code):
        """Return the balances of all posted entries, by account or else."""
        groups = self.env["account.move.line"]._read_group(
            [("company_id", "=", self.company.id), ("parent_state", "=", "posted")],
            ["account_id", "partner_id"],
            ["balance:sum"],
        )
        sums = {}
        for account, partner, balance in groups:
            amount = Decimal(str(self.company.currency_id.round(balance)))
            add(sums, key(account, partner.commercial_partner_id), amount)
        return moved(sums)

    def by_name(self, target, name_of):
        """Return the balances by what a format calls an account."""
        names = Names(target)
        return self.ledger(lambda account, _partner: name_of(names.account(account.id)))

    # === ENTRIES AS WRITERS GET THEM === #

    def check_lines(self):
        """Nothing of what the year is made of is missing, and all is told apart."""
        moves = self.moves()
        entries = [
            one for _state, one in self.make_target("pack")._read_entries(moves.ids)
        ]
        self.entries = {entry.id: entry for entry in entries}
        self.assertEqual({entry.kind for entry in entries}, KINDS)
        kinds = {line.kind for entry in entries for line in entry.lines}
        expected = {"", "requests", "storage", "transfer", "coupon", "plan", "fee"}
        taxed = {"tax"} if self.tax_mode == "own_tax" else set()
        self.assertEqual(kinds, expected | taxed | {"commitment"})
        self.assertEqual(self.settles(self.note), {self.credited.name})
        payments = self.paid.matched_payment_ids | self.abroad.matched_payment_ids
        self.assertEqual(
            {name for one in payments for name in self.settles(one.move_id)},
            {self.paid.name, self.abroad.name},
        )
        for entry in entries:
            for line in entry.lines:
                if entry.kind == "invoice":
                    self.assertEqual(line.settles, "")
                if line.kind == "" and line.account.kind == "receivable":
                    self.assertFalse(line.service_end)
                if line.kind in ("plan", "storage", "commitment"):
                    self.assertTrue(line.service_end, (entry.name, line.label))
        years = [
            line
            for entry in entries
            for line in entry.lines
            if line.kind == "plan"
            and (line.service_end - line.service_start).days > 300
        ]
        self.assertTrue(years)

    def settles(self, move):
        """Return what the lines of an entry say that they pay."""
        return {line.settles for line in self.entries[move.id].lines} - {""}

    # === PLAIN TEXT === #

    def save(self, files):
        (content,) = files.values()
        (name,) = files
        path = self.folder / name.replace("/", "-")
        path.write_bytes(content)
        return str(path)

    def check_beancount(self):
        target = self.make_target("beancount")
        path = self.save(self.hand_over(target))
        self.assertEqual(
            run(Path(sys.executable).with_name("bean-check"), "-C", path), ""
        )
        directives, problems, _options = loader.load_file(path)
        self.assertEqual(problems, [])
        sums = {}
        for one in directives:
            if isinstance(one, data.Transaction):
                for posting in one.postings:
                    weight = convert.get_weight(posting)
                    self.assertEqual(weight.currency, self.company.currency_id.name)
                    add(sums, posting.account, round(weight.number, 6))
        self.assertEqual(moved(sums), self.by_name(target, beancount.account_name))

    def check_hledger(self):
        target = self.make_target("hledger")
        path = self.save(self.hand_over(target))
        run("hledger", "-f", path, "check", "--strict", "ordereddates")
        told = run("hledger", "-f", path, *"balance --flat --cost -N -O csv".split())
        rows = csv.DictReader(io.StringIO(told))
        sums = {row["account"]: self.own(row["balance"]) for row in rows}
        self.assertEqual(moved(sums), self.by_name(target, plaintext.account_name))

    def check_ledger(self):
        target = self.make_target("ledger")
        told = run(
            *("ledger", "-f", self.save(self.hand_over(target))),
            *("--pedantic", "--strict", "balance", "--flat", "--basis", "--no-total"),
            *("--balance-format", "%(account)\t%(display_total)\n"),
        )
        rows = (line.rsplit("\t", 1) for line in told.splitlines())
        sums = {account: self.own(amount) for account, amount in rows}
        self.assertEqual(moved(sums), self.by_name(target, plaintext.account_name))

    def own(self, text):
        number, currency = text.split(" ")
        self.assertEqual(currency, self.company.currency_id.name)
        return Decimal(number)

    # === THE ACCOUNTANT PACK === #

    def check_pack(self):
        files = self.hand_over(self.make_target("pack"))
        (workbook,) = (name for name in files if name.endswith(".xlsx"))
        path = self.folder / "pack.xlsx"
        path.write_bytes(files[workbook])
        book = openpyxl.load_workbook(path, read_only=True)
        header, *rows = book["Journal items"].iter_rows(values_only=True)
        self.assertEqual(self.sum_items(header, rows), self.ledger())
        (text,) = (one for name, one in files.items() if name.endswith("items.csv"))
        header, *rows = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""))
        self.assertEqual(
            self.sum_items([one.capitalize() for one in header], rows), self.ledger()
        )
        (text,) = (one for name, one in files.items() if name.endswith("items.json"))
        sums = {}
        for entry in json.loads(text)["entries"]:
            for line in entry["lines"]:
                add(sums, line["account"]["code"], Decimal(line["debit"]))
                add(sums, line["account"]["code"], -Decimal(line["credit"]))
        self.assertEqual(moved(sums), self.ledger())
        run_office(self.folder, path)
        text = (self.folder / "pack-Journal items.csv").read_text()
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        rows = [[cell.replace(",", "") for cell in row] for row in rows]
        self.assertEqual(self.sum_items(header, rows), self.ledger())

    def sum_items(self, header, rows):
        places = [list(header).index(name) for name in ("Account", "Debit", "Credit")]
        sums = {}
        for row in rows:
            account, debit, credit = (row[place] for place in places)
            amount = Decimal(str(debit or 0)) - Decimal(str(credit or 0))
            add(sums, str(account), amount.quantize(CENT))
        return moved(sums)

    # === DATEV === #

    def check_datev(self):
        own = self.company.account_sale_tax_id
        length = 4 if self.chart == "de_skr03" else 6
        target = self.make_target(
            "datev",
            number_partners=True,
            first_customer_number=10**length,
            first_supplier_number=7 * 10**length,
            datev_consultant="29098",
            datev_client="55003",
            datev_account_length=str(length),
            datev_transliterate=True,
        )
        german = self.chart == "de_skr03"
        self.assertEqual(target.datev_chart, "03" if german else False)
        if german:
            target.tax_map_ids = [Command.create({"tax_id": own.id, "code": "3"})]
        self.pad_accounts(target)
        files = self.hand_over(target)
        bookings = [one for name, one in files.items() if "Buchungsstapel" in name]
        self.assertGreater(len(bookings), 12, "a file per month")
        numbers = {
            (one.partner_id, one.kind): one.number for one in target.partner_map_ids
        }
        self.assertIn((self.metered.partner_id, "customer"), numbers)
        self.assertIn((self.metered.partner_id, "supplier"), numbers)
        there = {one.account_id: one.code for one in target.account_map_ids}

        def key(account, partner):
            as_what = {
                "asset_receivable": "customer",
                "liability_payable": "supplier",
            }.get(account.account_type)
            return numbers.get((partner, as_what)) or there.get(account, account.code)

        sums, keys, settled = {}, set(), set()
        for place, content in enumerate(bookings):
            self.check_bytes(content)
            if self.company.currency_id.name == "EUR":
                self.read_with_others(self.folder / f"EXTF_{place}.csv", content)
            text = io.StringIO(content.decode("cp1252"), newline="")
            for row in list(csv.reader(text, delimiter=";", strict=True))[2:]:
                self.book(sums, row)
                keys.add(row[8])
                settled.add(row[10])
        self.assertEqual(moved(sums), self.ledger(key))
        self.assertIn(re.sub("[^A-Za-z0-9_$&%*+/-]", "-", self.paid.name), settled)
        self.assertEqual("3" in keys or "8400" in str(sums), german)

    def read_with_others(self, path, content):
        """Have a program of others read a file; it takes books in euros alone."""
        path.write_bytes(content)
        header, legs = read_batch(str(path))
        self.assertEqual((header.berater, header.mandant), ("29098", "55003"))
        self.assertFalse(header.festschreibung)
        self.assertEqual(sum(legs["Betrag"]), 0)

    def pad_accounts(self, target):
        """Give accounts as many digits as DATEV wants."""
        length = int(target.datev_account_length)
        accounts = self.moves().line_ids.account_id
        taken = {one.code for one in accounts if len(one.code) == length}
        for account in accounts:
            code = account.code
            if len(code) == length:
                continue
            code = (code.replace(".", "") + "0" * length)[:length]
            while code in taken:
                code = str(int(code) + 1)
            taken.add(code)
            target.account_map_ids = [
                Command.create({"account_id": account.id, "code": code})
            ]

    def book(self, sums, row):
        """Book a row as DATEV does, with the tax that it computes itself."""
        amount = amount_of(row[4] or row[0])
        amount = amount if row[1] == "S" else -amount
        automatic = "3" if self.chart == "de_skr03" and row[7] == "8400" else ""
        tax = ZERO
        if (row[8] or automatic) == "3":
            tax = (-amount * 19 / 119).quantize(CENT, ROUND_HALF_UP)
            add(sums, self.tax_account(), tax)
        add(sums, row[6], amount)
        add(sums, row[7], -amount - tax)

    def tax_account(self):
        repartition = self.company.account_sale_tax_id.invoice_repartition_line_ids
        (account,) = repartition.account_id
        return account.with_company(self.company).code

    def check_bytes(self, content):
        """Look at what the foreign reader lets pass."""
        self.assertTrue(content.endswith(b"\r\n"))
        self.assertEqual(content.count(b"\n"), content.count(b"\r\n"))
        self.assertEqual(content.count(b"\r"), content.count(b"\r\n"))
        text = io.StringIO(content.decode("cp1252"), newline="")
        header, labels, *rows = csv.reader(text, delimiter=";", strict=True)
        self.assertEqual((len(header), len(labels)), (31, 125))
        self.assertEqual(header[20], "0", "what is empty is fixed for ever")
        for row in rows:
            self.assertEqual(len(row), 125)
            self.assertRegex(row[0], r"^(?!0+,00)\d{1,10},\d{2}$")
            self.assertRegex(row[10], r"^[A-Za-z0-9_$&%*+/-]{1,36}$")
            self.assertLessEqual(len(row[13]), 60)
            self.assertEqual(row[113], "0")

    # === PROFILES, THROUGH THEIR EDITOR === #

    def check_profile(self, name):
        """Begin with a template, change a column, export."""
        with Form(self.env["bitpaket.export.target"]) as form:
            form.name = name
            form.format = "profile"
            form.csv_template = name
            form.journal_ids.clear()
            with form.csv_column_ids.new() as column:
                column.header = "Our number"
                column.value = "{entry.name}"
        target = form.record
        if name == "luca":
            target.content = "invoices"
            target.journal_ids = self.sales().journal_id
        files = self.hand_over(target)
        rows = []
        for content in files.values():
            text = io.StringIO(content.decode(target.csv_encoding), newline="")
            some = list(csv.DictReader(text, delimiter=target.csv_delimiter))
            self.assertLessEqual(len(some), ROWS.get(name, len(some)))
            rows += some
        numbers = {row["Our number"] for row in rows}
        if name == "luca":
            self.check_luca(rows, numbers)
            return
        self.assertEqual(numbers, set(self.moves().mapped("name")))
        account, *amounts = COLUMNS[name]
        sums = {}
        for row in rows:
            debit, *credit = (amount_of(row[one]) for one in amounts)
            if row.get("Type") == "JC":
                debit = -debit
            add(sums, row[account], debit - sum(credit))
        by_name = name == "quickbooks"
        self.assertEqual(
            moved(sums),
            self.ledger(lambda one, _partner: one.name if by_name else one.code),
        )

    def sales(self):
        return self.moves().filtered(lambda one: one.is_sale_document())

    def check_luca(self, rows, numbers):
        """Luca takes documents alone: net and total of each are the ledger's."""
        self.assertEqual(numbers, set(self.sales().mapped("name")))
        for column, field in (("Matrah", "untaxed"), ("Toplam", "total")):
            told = {}
            for row in rows:
                add(told, row["Our number"], amount_of(row[column]))
            booked = {
                one.name: Decimal(f"{abs(one[f'amount_{field}_signed']):.2f}")
                for one in self.sales()
            }
            self.assertEqual(told, booked)


def run_office(folder, path):
    """Have LibreOffice write each sheet of a workbook as CSV."""
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{folder}/profile"),
            *("--headless", "--convert-to", FILTER, "--outdir", folder, path),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )


@tagged("standard", "post_install", "-at_install")
class TestYearGeneric(YearCase):
    """A merchant of record sells, in US dollars and euros."""


@tagged("standard", "post_install", "-at_install")
class TestYearGerman(YearCase):
    """Own tax, in euros and US dollars: DATEV computes it out of what it gets."""

    chart = "de_skr03"
    tax_mode = "own_tax"


@tagged("standard", "post_install", "-at_install")
class TestYearTurkish(YearCase):
    """Own tax, in Turkish lira, euros and US dollars."""

    chart = "tr"
    tax_mode = "own_tax"


del YearCase
