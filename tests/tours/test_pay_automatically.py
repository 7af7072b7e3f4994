"""The customer agrees once, is charged at the next close, and ends it; in a browser."""

import pytest

from dev.browser import Browser
from dev.fastspring_sim import Simulator

from ..processes import Scratch, kill, wait_for
from .test_pay_at_checkout import CUSTOMER, Shop, click, log_in, text

JOBS = """
    UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC'
     WHERE active AND cron_name LIKE 'BitPaket:%automatic payments%'
"""


@pytest.fixture(scope="module")
def shop():
    with (
        Scratch("automatic_shop") as scratch,
        Simulator(default_currency="USD", retry_seconds=15) as simulator,
    ):
        shop = Shop(scratch, simulator)
        try:
            yield shop
        finally:
            kill(shop.server)


@pytest.fixture
def browser():
    with Browser() as opened:
        yield opened


def run_jobs(shop):
    """Let the scheduler charge, and end, what is due."""
    shop.scratch.query(JOBS)
    shop.scratch.wake_cron()


def wait_for_page(browser, words):
    """Look again, as a person does, until the page says what is awaited."""

    def look():
        browser.call("Page.reload")
        browser.wait("document.readyState === 'complete'")
        return words in text(browser)

    wait_for(look, 60)


def test_agree_be_charged_at_the_next_close_and_end_it(shop, browser):
    log_in(browser, shop, CUSTOMER)
    click(browser, "[name=automatic] a", "Pay automatically")
    browser.wait("document.querySelector('button[name=start]')")
    assert "no card data is stored here" in text(browser)

    click(browser, "button[name=start]", "Continue to FastSpring")
    browser.wait("document.querySelector('[data-page=checkout]')")
    assert "0.00" in text(browser)
    click(browser, "button[value=pay]")
    browser.wait("document.querySelector('[data-page=done]')")
    click(browser, "#fs-home")
    browser.wait("location.pathname.startsWith('/my/billing')")
    wait_for_page(browser, "Automatic payment is on")
    assert "test 4242" in text(browser)

    invoice = shop.bill_october()
    assert invoice["invoice"]
    run_jobs(shop)
    paid = (
        "SELECT 1 FROM account_move WHERE payment_state IN ('paid', 'in_payment')"
        f" AND name = '{invoice['invoice']}'"
    )
    wait_for(lambda: shop.scratch.query(paid))
    wait_for_page(browser, "Received")
    page = text(browser)
    assert "$ 11.50" in page and "Everything is paid" in page
    (charge,) = [one for one in shop.simulator.orders if one["total"]]
    assert (float(charge["total"]), charge["reference"][-1]) == (11.5, "B")

    click(browser, "[name=automatic] a", "Change or end")
    click(browser, "button[name=end]", "End automatic payment")
    browser.wait("document.body.innerText.includes('Ended by the customer')")
    run_jobs(shop)
    wait_for(lambda: shop.simulator.subscriptions[0]["state"] == "deactivated")
