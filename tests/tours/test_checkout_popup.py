"""Paying without leaving the billing page, in a real browser and popup."""

import pytest

from dev.browser import Browser, GonePage
from dev.fastspring_sim import Simulator

from ..processes import Scratch, kill, wait_for
from .test_pay_at_checkout import CUSTOMER, Shop, click, log_in, text

FRAME = "document.querySelector('#fsc-popup-frame')"
NO_FRAME = f"!{FRAME}"


@pytest.fixture(scope="module")
def shop():
    with (
        Scratch("popup") as scratch,
        Simulator(default_currency="USD", retry_seconds=15) as simulator,
    ):
        shop = Shop(scratch, simulator)
        try:
            yield shop
        finally:
            kill(shop.server)


@pytest.fixture
def browser(shop):
    with Browser() as opened:
        log_in(opened, shop, CUSTOMER)
        yield opened


def owe(shop, browser, *amounts):
    """Make invoices, and open the page; return their numbers."""
    names = shop.scratch.run("tests.tours.checkout_inside", *amounts)
    browser.open(f"{shop.url}/my/billing")
    # Whatever happens below happens without the page being loaded again.
    browser.evaluate("window.stayed = true")
    return names


class Popup:
    """The checkout inside the page; it belongs to another site."""

    def __init__(self, browser):
        self.browser = browser
        browser.wait(FRAME)
        tree = browser.call("Page.getFrameTree")["frameTree"]
        (frame,) = tree["childFrames"]
        self.frame = frame["frame"]["id"]
        self.wait("document.querySelector('[data-page]')")

    def evaluate(self, script):
        world = self.browser.call("Page.createIsolatedWorld", frameId=self.frame)
        result = self.browser.call(
            "Runtime.evaluate",
            expression=script,
            contextId=world["executionContextId"],
            returnByValue=True,
        )
        return result["result"].get("value")

    def wait(self, ready):
        def look():
            try:
                return self.evaluate(
                    f"document.readyState === 'complete' && !!({ready})"
                )
            except GonePage:
                return False

        wait_for(look, 30)

    def click(self, selector):
        self.wait(f"document.querySelector('{selector}')")
        self.evaluate(f"document.querySelector('{selector}').click()")

    def close(self):
        self.click("#fs-close")
        self.browser.wait(NO_FRAME)


def row(browser, name):
    """Return the words of an invoice's row."""
    return " ".join(
        browser.evaluate(
            "[...document.querySelectorAll('[name=invoices] tbody tr')]"
            f".find(one => one.innerText.includes('{name}')).innerText"
        ).split()
    )


def wait_for_page(shop, browser, ready):
    """Wait until the page turns; its server looks for work when something comes."""

    def look():
        shop.scratch.wake_cron()
        return browser.evaluate(ready)

    wait_for(look)


def wait_for_row(shop, browser, name, words):
    wait_for_page(
        shop,
        browser,
        "[...document.querySelectorAll('[name=invoices] tbody tr')]"
        f".find(one => one.innerText.includes('{name}'))"
        f"?.innerText.includes('{words}')",
    )


def pay(browser, name):
    """Click on the button in an invoice's row."""
    browser.evaluate(
        "[...document.querySelectorAll('[name=invoices] tbody tr')]"
        f".find(one => one.innerText.includes('{name}'))"
        ".querySelector('form button').click()"
    )


def assert_stayed(browser):
    assert browser.evaluate("window.stayed === true"), "the page was loaded again"


def residuals(shop, names):
    listed = ", ".join(f"'{name}'" for name in names)
    rows = shop.scratch.query(
        f"SELECT amount_residual FROM account_move WHERE name IN ({listed})"
        " ORDER BY invoice_date"
    )
    return [float(residual) for (residual,) in rows]


def test_closed_declined_and_paid_by_card(shop, browser):
    (name,) = owe(shop, browser, "11")
    pay(browser, name)
    popup = Popup(browser)
    assert "11.00" in popup.evaluate("document.body.innerText")
    browser.evaluate("document.querySelector('#fsc-popup-close').click()")
    browser.wait(NO_FRAME)
    browser.wait("document.querySelector('[name=owed] form button')")
    assert "Due on" in row(browser, name) or "Overdue" in row(browser, name)
    assert not browser.evaluate("document.querySelector('[name=just_paid]')")

    pay(browser, name)
    popup = Popup(browser)
    popup.click("button[value=decline]")
    popup.wait("document.querySelector('[data-notice=declined]')")
    popup.click("button[value=pay]")
    popup.wait("document.querySelector('[data-page=done]')")
    popup.close()
    wait_for_row(shop, browser, name, "Paid")
    browser.wait("document.querySelector('[name=owed]').innerText.includes('is paid')")
    assert "Received" in text(browser)
    assert_stayed(browser)
    assert residuals(shop, [name]) == [0.0]


def test_the_message_stands_until_the_payment_is_listed(shop, browser):
    (name,) = owe(shop, browser, "12")
    pay(browser, name)
    popup = Popup(browser)
    popup.click("button[value=decline]")
    popup.wait("document.querySelector('[data-notice=declined]')")
    # The decline is known long before the order that pays.
    wait_for(
        lambda: (
            shop.scratch.wake_cron()
            or shop.scratch.query(
                "SELECT 1 FROM account_invoice_transaction_rel AS link"
                " JOIN account_move ON account_move.id = link.invoice_id"
                " JOIN payment_transaction ON payment_transaction.id = transaction_id"
                f" WHERE name = '{name}' AND payment_transaction.state = 'error'"
            )
        )
    )
    shop.simulator.configure(auto_deliver=False)
    popup.click("button[value=pay]")
    popup.wait("document.querySelector('[data-page=done]')")
    popup.close()
    browser.wait("document.querySelector('[name=just_paid]')")
    assert "It can take about an hour until your payment is listed here" in text(
        browser
    )
    assert "Payment on its way" in row(browser, name)
    # Paying again is possible, but not by mistake.
    pay(browser, name)
    browser.wait("document.querySelector('.modal-dialog')")
    assert "please do not pay a second time" in text(browser)
    click(browser, ".modal-footer button", "Wait for it")
    browser.wait("!document.querySelector('.modal-dialog')")
    assert browser.evaluate(NO_FRAME)

    # The line is lost once, just when the page would turn.
    browser.evaluate(
        """
        window.whole = window.fetch;
        window.fetch = () => {
            [window.fetch, window.lost] = [window.whole, true];
            return Promise.reject(new TypeError("Failed to fetch"));
        };
        """
    )
    shop.simulator.configure(auto_deliver=True)
    shop.simulator.deliver()
    wait_for_row(shop, browser, name, "Paid")
    assert browser.evaluate("window.lost === true")
    browser.wait("!document.querySelector('[name=just_paid]')")
    assert_stayed(browser)


def test_wire_waits_and_arrives_while_the_customer_looks_on(shop, browser):
    (name,) = owe(shop, browser, "13")
    pay(browser, name)
    popup = Popup(browser)
    popup.click("button[value=wire]")
    popup.wait("document.querySelector('[data-page=done]')")
    order = popup.evaluate("document.querySelector('[data-order]').dataset.order")
    popup.close()
    wait_for_page(
        shop,
        browser,
        "document.body.innerText.includes('Waiting for your transfer until')",
    )
    assert "Payment on its way" in row(browser, name)
    shop.simulator.arrive(order)
    wait_for_row(shop, browser, name, "Paid")
    assert_stayed(browser)
    assert residuals(shop, [name]) == [0.0]


def test_all_is_paid_by_one_order(shop, browser):
    names = owe(shop, browser, "10", "20", "30")
    assert "Pay all: $ 60.00" in text(browser)
    click(browser, "[name=owed] button", "Pay all")
    popup = Popup(browser)
    shown = popup.evaluate("document.body.innerText")
    assert "60.00" in shown
    assert all(name in shown for name in names)
    popup.click("button[value=pay]")
    popup.wait("document.querySelector('[data-page=done]')")
    popup.close()
    for name in names:
        wait_for_row(shop, browser, name, "Paid")
    assert_stayed(browser)
    assert residuals(shop, names) == [0.0, 0.0, 0.0]
    listed = ", ".join(f"'{name}'" for name in names)
    assert shop.scratch.query(
        "SELECT COUNT(DISTINCT transaction_id) FROM account_invoice_transaction_rel"
        f" JOIN account_move ON account_move.id = invoice_id WHERE name IN ({listed})"
    ) == [(1,)]


def test_blocked_scripts_lead_to_the_checkout(shop, browser):
    (name,) = owe(shop, browser, "14")
    browser.call("Network.setBlockedURLs", urls=["*fastspring-builder*"])
    pay(browser, name)
    browser.wait("document.querySelector('[data-page=checkout]')")
    assert browser.evaluate("location.origin") == shop.simulator.url
    click(browser, "button[value=pay]")
    browser.wait("document.querySelector('[data-page=done]')")
    browser.open(f"{shop.url}/my/billing")
    wait_for_row(shop, browser, name, "Paid")


def test_no_scripts_at_all(shop, browser):
    (name,) = owe(shop, browser, "15")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(f"{shop.url}/my/billing")
    pay(browser, name)
    browser.wait("document.querySelector('[data-page=checkout]')")
    assert "15.00" in text(browser)


def test_cards_and_receipts_at_fastspring(shop, browser):
    (name,) = owe(shop, browser, "16")
    pay(browser, name)
    popup = Popup(browser)
    popup.click("button[value=pay]")
    popup.wait("document.querySelector('[data-page=done]')")
    popup.close()
    wait_for_row(shop, browser, name, "Paid")
    browser.open(f"{shop.url}/my/billing")
    browser.evaluate(
        "document.querySelector('[name=fastspring_account] form').target = '_self'"
    )
    click(browser, "[name=fastspring_account] button", "Your cards and receipts")
    browser.wait("location.pathname.includes('/account/')")
    assert browser.evaluate("location.origin") == shop.simulator.url
    assert "Your orders at FastSpring" in text(browser)
