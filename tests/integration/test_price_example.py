"""Published price tables, loaded as price books."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..common import BillingMixin


@tagged("standard", "post_install", "-at_install")
class TestPriceExample(BillingMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.manager = cls.make_user("billing_manager")
        cls.examples = cls.env["bitpaket.price.example"].with_user(cls.manager)
        cls.books = cls.env["bitpaket.price.book"]

    @classmethod
    def make_user(cls, role):
        return new_test_user(
            cls.env,
            role,
            f"bitpaket_billing.group_{role}",
            company_id=cls.company.id,
            company_ids=cls.company.ids,
        )

    def load(self, vendor):
        """Load a table as a billing manager does, and return the book."""
        action = self.examples.create({"vendor": vendor}).action_load()
        return self.books.browse(action["res_id"])

    def count(self):
        """Return how many books, meters and prices there are."""
        names = ("bitpaket.price.book", "bitpaket.meter", "bitpaket.price")
        return [self.env[name].search_count([]) for name in names]

    def test_a_manager_reads_where_a_table_is_from_and_loads_it(self):
        example = self.examples.create({"vendor": "cloudflare_r2"})
        self.assertIn("r2/pricing.mdx", example.source)
        self.assertIn("mean of the daily peaks", example.note)
        action = example.action_load()
        self.assertEqual(action["res_model"], "bitpaket.price.book")
        book = self.books.browse(action["res_id"])
        self.assertEqual(book.name, "Cloudflare R2")
        self.assertEqual(book.company_id, self.company)
        self.assertEqual(book.source, example.source)
        self.assertEqual(len(book.price_ids), 9)

    def test_loading_again_changes_nothing(self):
        book = self.load("wasabi")
        book.name = "Ours"
        book.price_ids[0].unlink()
        before = self.count()
        self.assertEqual(self.load("wasabi"), book)
        self.assertEqual(self.count(), before)
        self.assertEqual(book.name, "Ours")

    def test_a_deleted_book_can_be_loaded_again(self):
        book = self.load("tigris")
        before = self.count()
        book.unlink()
        self.assertNotEqual(self.load("tigris"), book)
        self.assertEqual(self.count(), before)

    def test_every_company_gets_a_book_of_its_own(self):
        first = self.load("storj_legacy")
        first.price_ids[0].unit_price = 9
        other = self.env["res.company"].create({"name": "Second Storage Inc."})
        self.manager.company_ids |= other
        examples = self.examples.with_context(allowed_company_ids=other.ids)
        example = examples.create({"vendor": "storj_legacy"})
        second = first.browse(example.action_load()["res_id"])
        self.assertEqual((first + second).company_id, self.company + other)
        self.assertNotIn(9, second.price_ids.mapped("unit_price"))
        self.assertEqual(first.price_ids.meter_id, second.price_ids.meter_id)
        self.assertEqual(second.minimum_ids.amount, 5)

    def test_the_currency_is_activated_and_that_is_said(self):
        euro = self.env.ref("base.EUR")
        euro.active = False
        example = self.examples.create({"vendor": "scaleway_2019_pack"})
        self.assertTrue(example.activates_currency)
        action = example.action_load()
        self.assertTrue(euro.active)
        self.assertEqual(
            action["params"]["message"], "EUR was not in use, and is active now."
        )
        book = self.books.browse(action["params"]["next"]["res_id"])
        self.assertEqual(book.price_ids.currency_id, euro)

    def test_only_managers_load_tables(self):
        user = self.make_user("billing_user")
        with self.assertRaises(AccessError):
            self.examples.with_user(user).create({"vendor": "tigris"})
