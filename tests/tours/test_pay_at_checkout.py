"""The customer's way through the money, in a real browser, server and checkout.

Odoo's own tours cannot leave Odoo's pages, and a hosted checkout is another site; so
this drives Chromium itself, as a person would.
"""

import json
import urllib.request

import pytest

from dev.browser import Browser
from dev.fastspring_sim import Simulator

from ..common import GIB
from ..processes import Scratch, kill, wait_for

CUSTOMER = "customer@kestrel-robotics.example"
STRANGER = "customer@lumenfjord.example"


class Shop:
    """Odoo with one invoice to pay, and FastSpring's simulator."""

    def __init__(self, scratch, simulator):
        self.scratch, self.simulator = scratch, simulator
        self.url = f"http://127.0.0.1:{scratch.port}"
        simulator.configure(home_url=f"{self.url}/my/billing")
        facts = scratch.run(
            "dev.inside",
            "prepare",
            self.url,
            simulator.url,
            simulator.storefront_url,
            "",
        )
        simulator.configure(
            webhook_url=facts["webhook_url"], webhook_secret=facts["webhook_secret"]
        )
        self.key = facts["api_key"]
        self.server = scratch.serve()
        wait_for(self._answers)

    def _answers(self):
        try:
            return urllib.request.urlopen(f"{self.url}/web/health", timeout=5)
        except OSError:
            return None

    def process_events(self, active):
        """Have the job that processes FastSpring's events run, or not."""
        self.scratch.query(
            f"UPDATE ir_cron SET active = {active}, nextcall = now() AT TIME ZONE 'UTC'"
            " WHERE cron_name = 'BitPaket: process FastSpring events'"
        )

    def bill_october(self):
        """Report 500 GiB stored all October for one tenant, and close the month."""
        row = {
            "id": "october",
            "source": "test",
            "account": "kestrel-robotics",
            "meter": "storage",
            "time": "2026-10-01T00:00:00Z",
            "quantity": 500 * GIB * 744,
        }
        request = urllib.request.Request(
            f"{self.url}/bitpaket/v1/usage",
            data=json.dumps([row]).encode(),
            headers={"Authorization": f"Bearer {self.key}"},
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["accepted"] == 1
        result = self.scratch.run("dev.inside", "close", "2026-10")
        (invoice,) = [one for one in result["statements"] if one["invoice"]]
        return invoice


@pytest.fixture(scope="module")
def shop():
    with (
        Scratch("shop") as scratch,
        Simulator(default_currency="USD", retry_seconds=15) as simulator,
    ):
        shop = Shop(scratch, simulator)
        try:
            yield shop
        finally:
            kill(shop.server)


@pytest.fixture(scope="module")
def invoice(shop):
    return shop.bill_october()


@pytest.fixture
def browser():
    with Browser() as opened:
        yield opened


def log_in(browser, shop, login):
    browser.open(f"{shop.url}/web/login?redirect=/my/billing")
    browser.evaluate(
        f"""
        document.querySelector("input[name=login]").value = "{login}";
        document.querySelector("input[name=password]").value = "customer";
        document.querySelector("form.oe_login_form button[type=submit]").click();
        """
    )
    browser.wait("location.pathname === '/my/billing'")


def text(browser):
    return " ".join(browser.evaluate("document.body.innerText").split())


def click(browser, selector, words=""):
    """Click what a person would see: by selector, and by the words on it."""
    found = f"""
        [...document.querySelectorAll("{selector}")].find(
            one => one.innerText.includes("{words}")
                && one.offsetParent && !one.disabled
        )
    """
    browser.wait(f"{found} !== undefined")
    browser.evaluate(f"{found}.click()")


def go_to_checkout(browser):
    click(browser, "[name=owed] button", "Pay")
    browser.wait("document.querySelector('[data-page=checkout]')")


def test_customer_reads_the_balance_pays_and_gets_a_receipt(shop, invoice, browser):
    log_in(browser, shop, CUSTOMER)
    page = text(browser)
    assert "$ 11.50" in page
    assert invoice["invoice"] in page
    assert "No payments yet." in page
    paper = browser.evaluate(
        "fetch(document.querySelector(`[name=invoices] a[href*=pdf]`).href)"
        ".then(async (one) => [one.status, (await one.text()).slice(0, 5)])"
    )
    assert paper == [200, "%PDF-"]

    go_to_checkout(browser)
    assert "11.50" in text(browser)
    click(browser, "button[value=decline]")
    browser.wait("document.querySelector('[data-notice=declined]')")
    declined = "SELECT 1 FROM payment_transaction WHERE state = 'error'"
    wait_for(lambda: shop.scratch.wake_cron() or shop.scratch.query(declined))
    shop.process_events(False)  # the page comes before the news of the order
    click(browser, "button[value=pay]")
    browser.wait("document.querySelector('[data-page=done]')")
    reference = browser.evaluate(
        "document.querySelector('[data-field=reference]').innerText"
    )

    click(browser, "#fs-home")
    browser.wait("location.pathname === '/my/billing'")
    assert "No payments yet." in text(browser)
    shop.process_events(True)
    wait_for(lambda: shop.scratch.wake_cron() or "Received" in text(browser))
    page = text(browser)
    assert "$ 0.00" in page
    assert "No payments yet." not in page
    receipt = browser.evaluate(
        "[...document.querySelectorAll('a')]"
        ".find(one => one.innerText.includes('Receipt')).href"
    )
    with urllib.request.urlopen(receipt) as answer:
        assert reference in answer.read().decode()
    (row,) = shop.scratch.query(
        "SELECT payment_state, amount_residual FROM account_move"
        f" WHERE name = '{invoice['invoice']}'"
    )
    assert row[0] in ("paid", "in_payment")
    assert row[1] == 0
    payments = shop.scratch.query("SELECT COUNT(*), SUM(amount) FROM account_payment")
    assert [(count, float(total)) for count, total in payments] == [(1, 11.5)]


def test_another_customer_sees_none_of_it(shop, invoice, browser):
    log_in(browser, shop, STRANGER)
    page = text(browser)
    assert "Lumen Fjord" in page
    for secret in ("Kestrel", "11.50", invoice["invoice"]):
        assert secret not in page
    (move_id,) = shop.scratch.query(
        f"SELECT id FROM account_move WHERE name = '{invoice['invoice']}'"
    )[0]
    (account_id,) = shop.scratch.query(
        "SELECT id FROM bitpaket_account WHERE reference = 'kestrel-robotics'"
    )[0]
    for path in (
        f"/my/invoices/{move_id}",
        f"/my/invoices/{move_id}?report_type=pdf&download=true",
        f"/my/billing/{account_id}",
    ):
        browser.open(shop.url + path)
        page = text(browser)
        for secret in ("Kestrel", "11.50", invoice["invoice"]):
            assert secret not in page, path
