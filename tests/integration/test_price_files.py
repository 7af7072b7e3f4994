"""Price books in files: taken out, changed in a spreadsheet, and brought in again."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import openpyxl

from odoo import http
from odoo.exceptions import UserError
from odoo.fields import Command, Date
from odoo.models import MAGIC_COLUMNS
from odoo.tests import HttpCase, TransactionCase, freeze_time, new_test_user, tagged

from ..common import GIB, BillingMixin
from .test_price_terms import PriceCase

EXAMPLE = (
    Path(__file__).resolve().parents[2]
    / "bitpaket_billing/static/import/price_book.csv"
)
CSV = {"has_headers": True, "quoting": '"', "separator": ","}
TINY = 0.000000004


def terms(book):
    """Return the book's prices as they are rated, whatever their ids."""
    return sorted(
        (
            str((price.currency_id.name, price.date_existing)),
            replace(price._to_rating(), code=""),
        )
        for price in book.price_ids
    )


class FilesMixin(BillingMixin):
    """Imports files as the import screen does."""

    def load(self, content, options=None, user=None, model="bitpaket.price.book"):
        """Import a file with the columns that are suggested for its titles."""
        model_ = self.env["base_import.import"]
        wizard = (model_.with_user(user) if user else model_).create(
            {
                "res_model": model,
                "file": content.encode() if isinstance(content, str) else content,
                "file_name": "book.csv" if isinstance(content, str) else "book.xlsx",
                "file_type": "text/csv" if isinstance(content, str) else None,
            }
        )
        preview = wizard.parse_preview({**CSV, **(options or {})})
        self.assertNotIn("error", preview)
        titles = preview["headers"]
        columns = [
            "/".join(preview["matches"].get(number, ())) or False
            for number in range(len(titles))
        ]
        self.assertNotIn(False, columns, titles)
        return wizard.execute_import(columns, titles, preview["options"])

    def loaded(self, content, **kwargs):
        """Import a file that has nothing wrong in it; return its book."""
        result = self.load(content, **kwargs)
        self.assertEqual(result["messages"], [])
        return self.env["bitpaket.price.book"].browse(result["ids"])

    def reason(self, content, **kwargs):
        """Return why a file is refused."""
        books = self.env["bitpaket.price.book"].search_count([])
        result = self.load(content, **kwargs)
        errors = [one for one in result["messages"] if one["type"] == "error"]
        self.assertTrue(errors)
        self.assertFalse(result.get("ids"))
        self.assertEqual(self.env["bitpaket.price.book"].search_count([]), books)
        return errors[0]

    @classmethod
    def preset(cls):
        return cls.env.ref("bitpaket_billing.export_price_book")

    @classmethod
    def make_full_book(cls):
        """Return a book with every price model and every term of a price."""
        cls.env.ref("base.EUR").active = True
        book = cls.env["bitpaket.price.book"].create(
            {"name": "Everything", "source": "=cmd|' /C calc'!A0"}
        )
        tiers = [
            {"up_to": 0.5, "unit_price": TINY, "flat_amount": 1.25},
            {"up_to": 1234567.891, "unit_price": 0.1},
            {"unit_price": 123456.789012},
        ]
        blocks = [
            {"up_to": 20, "unit_price": 3, "block_size": 10},
            {"unit_price": 5, "block_size": 100},
        ]
        for number, values in enumerate(
            (
                {"unit_price": TINY, "per": 3, "date_existing": False},
                {"model": "graduated", "tiers": tiers, "flat_at_zero": False},
                {"model": "volume", "tiers": tiers, "per": 1000},
                {"model": "package", "unit_price": 0.1, "package_size": 1024},
                {"model": "block_all", "tiers": blocks},
                {"model": "block_top", "tiers": blocks},
                {"model": "flat", "flat_amount": 12.345, "flat_at_zero": False},
                {
                    "model": "percentage",
                    "unit_price": 1.75,
                    "event_fee": 0.000001,
                    "event_minimum": 0.01,
                    "event_maximum": 9,
                    "free_events": 3,
                    "free_amount": 1e-7,
                    "free_until_first": True,
                },
                {"model": "graduated_percentage", "tiers": tiers},
                {
                    "unit_price": 0.3,
                    "free_quantity": 1e-9,
                    "free_per_day": 10,
                    "free_ratio": 3,
                    "free_ratio_meter_id": cls.meter("storage").id,
                    "minimum_amount": 0.00001,
                    "maximum_amount": 1e10,
                    "currency_id": cls.env.ref("base.EUR").id,
                    "date_existing": "2030-01-01",
                },
            )
        ):
            lines = [Command.create(tier) for tier in values.pop("tiers", ())]
            cls.env["bitpaket.price"].create(
                {
                    "book_id": book.id,
                    "meter_id": cls.meter(
                        "transfer_in" if number % 2 else "requests_a"
                    ).id,
                    "date_start": Date.to_date(f"20{20 + number}-01-01"),
                    "tier_ids": lines,
                    **values,
                }
            )
        cls.env["bitpaket.price.minimum"].create(
            [
                {"book_id": book.id, "amount": 50, "date_start": "2026-01-01"},
                {
                    "book_id": book.id,
                    "kind": "invoice",
                    "amount": 2.5,
                    "date_start": "2026-02-01",
                    "currency_id": cls.env.ref("base.EUR").id,
                },
            ]
        )
        return book


@tagged("standard", "post_install", "-at_install")
class TestRoundTrip(FilesMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.book = cls.make_full_book()
        cls.manager = new_test_user(
            cls.env,
            "manager",
            "bitpaket_billing.group_billing_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    def export(self, kind, book=None, compatible=True):
        """Return the file that the preset makes, as the export screen gets it."""
        self.authenticate("manager", "manager")
        names = self.make_jsonrpc_request(
            "/web/export/namelist",
            {"model": "bitpaket.price.book", "export_id": self.preset().id},
        )
        fields = [
            {"name": one["id"], "label": one["string"], "type": one["field_type"]}
            for one in names
        ]
        if compatible:
            fields.insert(0, {"name": "id", "label": "External ID"})
        answer = self.url_open(
            f"/web/export/{kind}",
            data={
                "data": json.dumps(
                    {
                        "model": "bitpaket.price.book",
                        "fields": fields,
                        "ids": (book or self.book).ids,
                        "domain": [],
                        "import_compat": compatible,
                        "context": {},
                    }
                ),
                "csrf_token": http.Request.csrf_token(self),
            },
        )
        self.assertEqual(answer.status_code, 200)
        return answer.text if kind == "csv" else answer.content

    def as_new(self, content, name="Again"):
        """Change an exported file so that it makes a new book, as a person would."""
        if isinstance(content, bytes):
            sheet = openpyxl.load_workbook(io.BytesIO(content))
            page = sheet.active
            titles = [cell.value for cell in page[1]]
            page.cell(2, titles.index("name") + 1).value = name
            for number in range(len(titles), 0, -1):
                if titles[number - 1].rpartition("/")[2] == "id":
                    page.delete_cols(number)
            file = io.BytesIO()
            sheet.save(file)
            return file.getvalue()
        titles, *rows = csv.reader(io.StringIO(content))
        rows[0][titles.index("name")] = name
        kept = [
            number
            for number, title in enumerate(titles)
            if title.rpartition("/")[2] != "id"
        ]
        text = io.StringIO()
        csv.writer(text).writerows(
            [row[number] for number in kept] for row in (titles, *rows)
        )
        return text.getvalue()

    def assertSame(self, book):
        self.env.invalidate_all()
        self.assertEqual(terms(book), terms(self.book))
        self.assertEqual(
            [
                (one.kind, one.currency_id, one.amount, one.date_start)
                for one in book.minimum_ids
            ],
            [
                (one.kind, one.currency_id, one.amount, one.date_start)
                for one in self.book.minimum_ids
            ],
        )

    def test_csv_into_a_new_book(self):
        book = self.loaded(self.as_new(self.export("csv")), user=self.manager)
        self.assertNotEqual(book, self.book)
        self.assertEqual(book.name, "Again")
        self.assertSame(book)

    def test_xlsx_into_a_new_book(self):
        book = self.loaded(self.as_new(self.export("xlsx")), user=self.manager)
        self.assertNotEqual(book, self.book)
        self.assertSame(book)

    def test_the_same_file_again_changes_nothing(self):
        for kind in ("csv", "xlsx"):
            prices = self.book.price_ids
            self.assertEqual(self.loaded(self.export(kind)), self.book)
            self.assertEqual(self.book.price_ids, prices)
            self.assertSame(self.book)

    def test_a_changed_file_changes_the_book(self):
        content = self.export("csv").replace("1.75", "1.5E-07")
        self.loaded(content, user=self.manager)
        self.env.invalidate_all()
        self.assertIn(1.5e-7, self.book.price_ids.mapped("unit_price"))
        self.assertEqual(len(self.book.price_ids), 10)

    def test_meters_are_told_by_their_codes(self):
        content = self.export("csv")
        self.assertIn('"requests_a"', content)
        self.assertNotIn("Class A", content)

    def test_a_file_for_readers_can_be_imported_too(self):
        self.book.source = "plain"
        content = self.export("csv", compatible=False)
        self.assertIn("Class A", content)
        self.assertIn("Prices/Tiers/Up To", content)
        reason = self.reason(content, user=self.manager)
        self.assertIn("A price stays in its price book", reason["message"])

    def test_spreadsheets_show_every_digit(self):
        page = openpyxl.load_workbook(io.BytesIO(self.export("xlsx"))).active
        titles = [cell.value for cell in page[1]]
        cells = [
            row[titles.index("price_ids/unit_price")]
            for row in page.iter_rows(min_row=2)
        ]
        tiny = [cell for cell in cells if cell.value == TINY]
        self.assertEqual(len(tiny), 1)
        self.assertEqual(tiny[0].number_format, "#,##0.00##########")

    def test_preset_has_every_term(self):
        names = set(self.preset().export_fields.mapped("name"))
        for model, prefix, without in (
            ("bitpaket.price", "price_ids/", {"book_id", "account_id", "date_end"}),
            ("bitpaket.price.tier", "price_ids/tier_ids/", {"price_id"}),
            ("bitpaket.price.minimum", "minimum_ids/", {"book_id", "account_id"}),
        ):
            for name, field in self.env[model]._fields.items():
                if not field.store or field.readonly or field.type == "one2many":
                    continue
                if name not in {*without, *MAGIC_COLUMNS}:
                    self.assertIn(prefix + name, names)


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestWrongFiles(FilesMixin, PriceCase):
    TITLES = "name,price_ids/meter_id,price_ids/date_start,price_ids/unit_price"

    def file(self, *rows, titles=TITLES):
        return "\n".join((titles, *rows)) + "\n"

    def test_example(self):
        book = self.loaded(EXAMPLE.read_text(), options={"separator": ""})
        self.assertEqual(len(book.price_ids), 5)
        self.assertEqual(
            book.price_ids.filtered(lambda p: p.model == "graduated").summary,
            "up to 51,200: 0.023, up to 512,000: 0.022, above: 0.021",
        )
        self.assertEqual(book.minimum_ids.amount, 5)
        (template,) = book.get_import_templates()
        self.assertTrue(str(EXAMPLE).endswith(template["template"]))

    def test_meters_by_code_and_by_name(self):
        storage = self.meter("storage")
        book = self.loaded(
            self.file(
                "New,storage,2027-01-01,1",
                ",Class B requests (GET and others),2027-01-01,2",
            )
        )
        self.assertEqual(book.price_ids.meter_id, self.meter("requests_b") | storage)
        self.meter("transfer_in").name = "storage"
        book = self.loaded(self.file("Code first,storage,2027-01-01,1"))
        self.assertEqual(book.price_ids.meter_id, storage)

    def test_a_name_of_several_meters_is_refused(self):
        (self.meter("transfer_in") | self.meter("transfer_out")).name = "100% transfer"
        error = self.reason(
            self.file("New,storage,2027-01-01,1", ",100% transfer,2027-01-01,2")
        )
        self.assertEqual(
            error["message"],
            "Several meters are called “100% transfer”: name the code of the one you "
            "mean",
        )
        self.assertEqual(error["rows"], {"from": 0, "to": 1})

    def test_unknown_meter(self):
        error = self.reason(self.file("New,storrage,2027-01-01,1"))
        self.assertIn("No matching record found for name 'storrage'", error["message"])

    def test_what_is_no_number_is_told_with_its_row(self):
        error = self.reason(
            self.file("New,storage,2027-01-01,1", ",requests_a,2027-01-01,free")
        )
        self.assertIn("Row 3: ", error["message"])
        self.assertIn("free", error["message"])

    def test_what_is_no_date_is_told_with_its_row(self):
        error = self.reason(
            self.file("New,storage,2027-01-01,1", ",requests_a,first of May,1")
        )
        self.assertIn("first of May", error["message"])
        self.assertIn("line 2", error["message"])

    def test_negative_price(self):
        error = self.reason(self.file("New,storage,2027-01-01,-1"))
        self.assertEqual(
            error["message"], "Storage from 2027-01-01: A price cannot be negative."
        )

    def test_two_prices_from_the_same_day(self):
        error = self.reason(
            self.file("New,storage,2027-01-01,1", ",storage,2027-01-01,2")
        )
        self.assertEqual(
            error["message"],
            "Storage from 2027-01-01: This book has a price of that meter from the "
            "same date.",
        )

    def test_negative_minimum(self):
        titles = "name,minimum_ids/amount,minimum_ids/date_start"
        error = self.reason(self.file("New,-5,2027-01-01", titles=titles))
        self.assertEqual(error["message"], "A minimum cannot be negative.")

    def test_tiers_without_an_end(self):
        titles = "name,price_ids/meter_id,price_ids/date_start,price_ids/model,"
        titles += "price_ids/tier_ids/up_to,price_ids/tier_ids/unit_price"
        error = self.reason(
            self.file("New,storage,2027-01-01,volume,100,1", titles=titles)
        )
        self.assertIn("The tiers of Storage from 2027-01-01 must end", error["message"])
        self.assertEqual(error["rows"], {"from": 0, "to": 0})

    def test_decimal_commas_and_exponents(self):
        content = self.file(
            "New;storage;2027-01-01;4E-09",
            ";requests_a;2027-01-01;1,5e-08",
            ";requests_b;2027-01-01;0,25",
            titles=self.TITLES.replace(",", ";"),
        )
        comma = {"float_decimal_separator": ",", "float_thousand_separator": "."}
        book = self.loaded(content, options={"separator": ";", **comma})
        self.assertEqual(
            sorted(book.price_ids.mapped("unit_price")), [4e-9, 1.5e-8, 0.25]
        )

    def test_used_prices_refuse_to_change_but_may_stand_in_the_file(self):
        used = self.price("requests_a", unit_price=1, tiers=())
        tiered = self.price("storage", model="volume", tiers=[(10, 2), (0, 1, 5)])
        self.report(self.account, "requests_a", "2026-10-05", 10)
        self.report(self.account, "storage", "2026-10-05", GIB * 744)
        self.close(self.account)
        self.env.invalidate_all()
        self.assertTrue(used.used and tiered.used)
        names = self.preset().export_fields.mapped("name")
        book = self.book.with_context(import_compat=True)
        rows = book.export_data(["id", *names])["datas"]

        def file(*more):
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerows([["id", *names], *rows, *more])
            return text.getvalue()

        self.assertEqual(self.loaded(file()), self.book)
        later = [""] * len(rows[0])
        for name, value in (
            ("meter_id", "requests_a"),
            ("date_start", "2027-01-01"),
            ("date_existing", "2027-01-01"),
            ("model", "Per unit"),
            ("unit_price", "3"),
            ("per", "1"),
            ("package_size", "1"),
            ("currency_id", "USD"),
        ):
            later[names.index(f"price_ids/{name}") + 1] = value
        self.loaded(file(later))
        self.assertEqual(len(self.book.price_ids), 3)
        for column, value in (("unit_price", 9), ("tier_ids/unit_price", 9)):
            place = names.index(f"price_ids/{column}") + 1
            row = next(row for row in rows if row[place])
            kept, row[place] = row[place], value
            error = self.reason(file())
            self.assertIn("Invoices were made by these prices", error["message"])
            row[place] = kept

    def test_a_billing_user_may_not(self):
        user = new_test_user(
            self.env,
            "user",
            "bitpaket_billing.group_billing_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        error = self.reason(self.file("New,storage,2027-01-01,1"), user=user)
        self.assertIn("You are not allowed to create", error["message"])


@tagged("standard", "post_install", "-at_install")
@freeze_time("2026-11-23")
class TestDuplicate(FilesMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()

    def test_next_years_prices(self):
        book = self.make_full_book()
        before = terms(book)
        copy = book.copy()
        self.assertEqual(copy.name, "Everything (copy)")
        self.assertEqual(book.copy({"name": "2028"}).name, "2028")
        self.assertEqual(terms(copy), before)
        self.assertEqual(len(copy.minimum_ids), 2)
        copy.price_ids.unit_price = 7
        copy.price_ids.tier_ids.unit_price = 7
        self.assertEqual(terms(book), before)

    def test_prices_that_were_used_are_not_used_in_the_copy(self):
        book = self.make_price_book()
        account = self.make_account("acme", book=book, date_start="2026-10-01")
        self.report_month(account)
        self.close(account)
        self.env.invalidate_all()
        copy = book.copy()
        self.assertTrue(any(book.price_ids.mapped("used")))
        self.assertFalse(any(copy.price_ids.mapped("used")))
        self.assertFalse(copy.account_ids)
        copy.price_ids.unit_price = 7

    def test_a_price_stays_in_its_book(self):
        book = self.make_price_book()
        with self.assertRaisesRegex(UserError, "stays in its price book"):
            book.price_ids.book_id = self.make_price_book("Other")
