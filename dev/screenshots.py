"""`make screenshots`: pictures of the running demo for README and docs."""

import os
import subprocess
import urllib.request

from . import demo, screenshots_books, testing
from .browser import DESKTOP, PHONE, TALL, Browser
from .console import Problem, say
from .paths import ROOT, RUN
from .screenshots_books import ROW
from .session import log_in

FOLDER = ROOT / "docs/images"
CUSTOMER = ("customer@kestrel-robotics.example", "customer")
FINANCE = ("finance", "finance")


def take():
    """Take every picture again.

    :raise Problem: when the demo does not run, or a page never shows
    """
    facts = demo.info()
    try:
        with Browser() as browser:
            _customer(browser, facts)
            _finance(browser, facts)
            screenshots_books.take(browser, facts["url"], FOLDER)
    except TimeoutError as error:
        raise Problem(str(error), "Look at the page by hand; is it broken?") from error
    _states()
    say(f"  {FOLDER.relative_to(ROOT)}: {len(list(FOLDER.iterdir()))} pictures")


def _states():
    """Picture each state of the billing page: the test that makes them can do it."""
    os.environ["BITPAKET_PICTURES"] = str(FOLDER)
    if testing.run(["-q", "-n0", "tests/tours/test_portal_pages.py", "-k", "states"]):
        raise Problem("The states of the billing page could not be pictured.")


def _customer(browser, facts):
    url = facts["url"]
    session = log_in(url, facts["database"], *CUSTOMER)
    browser.use_session(url, session)
    for name, size in (("billing", DESKTOP), ("billing-phone", PHONE)):
        browser.open(f"{url}/my/billing", "document.querySelector('table')", size)
        browser.screenshot(FOLDER / f"{name}.png", whole=True)
    browser.open(f"{url}/my/billing")
    invoice = browser.evaluate(
        "[...document.links].find(one => one.href.includes('report_type=pdf'))?.href"
    )
    if invoice:
        _invoice(invoice, session)
    browser.open(
        browser.evaluate("document.querySelector('a[name=usage_by_day]').href")
        + "?month=2026-10",
        "document.querySelector('.o_bitpaket_usage_chart[data-shown]')",
    )
    browser.screenshot(FOLDER / "usage-by-day.png")
    browser.open(f"{url}/my/billing")
    pay = "document.querySelector('[name=owed] button')"
    if browser.evaluate(f"!!{pay}"):
        browser.evaluate(f"{pay}.click()")
        browser.wait("document.querySelector('[data-page=checkout]')")
        browser.screenshot(FOLDER / "checkout.png")


def _invoice(link, session):
    """Save the pages of an invoice's PDF as pictures."""
    request = urllib.request.Request(link, headers={"Cookie": f"session_id={session}"})
    pdf = RUN / "invoice.pdf"
    with urllib.request.urlopen(request) as answer:
        pdf.write_bytes(answer.read())
    for page, name in enumerate(("invoice", "invoice-annex"), 1):
        subprocess.run(
            ["pdftoppm", "-png", "-r", "80", "-singlefile"]
            + ["-f", str(page), "-l", str(page), pdf, FOLDER / name],
            check=True,
        )


def _finance(browser, facts):
    url = facts["url"]
    browser.use_session(url, log_in(url, facts["database"], *FINANCE))
    _preview_running_month(browser, url)
    for name, action, ready in (
        ("billing-runs", "bitpaket_billing_run_action", ROW),
        ("billing-run", "bitpaket_billing_run_action/1", f".o_form_view {ROW}"),
        ("accounts", "bitpaket_account_action", ROW),
        ("account", "bitpaket_account_action/1", ".o_form_view h1"),
        ("statements", "bitpaket_statement_action", ROW),
        ("statement", "bitpaket_statement_action/1", f".o_form_view {ROW}"),
        ("price-book", "bitpaket_price_book_action/1", f".o_form_view {ROW}"),
        ("usage", "bitpaket_usage_daily_action", ROW),
    ):
        browser.open(
            f"{url}/odoo/action-bitpaket_billing.{action}",
            f"document.querySelector('{ready}')",
        )
        browser.screenshot(FOLDER / f"{name}.png")
    _trial(browser, f"{url}/odoo/action-bitpaket_billing.bitpaket_account_action/1")
    _files(browser, f"{url}/odoo/action-bitpaket_billing.bitpaket_price_book_action")


def _trial(browser, account):
    """Compare an account's last month at two price books."""
    button = "button[name=action_compare_prices]"
    browser.open(account, f"document.querySelector('{button}')", TALL)
    _click(browser, button)
    browser.wait("document.querySelector('[name=trial_result]')")
    _choose(browser, "other_book_id", "Draft for 2027")
    browser.wait("document.querySelector('[name=difference]')")
    browser.screenshot(FOLDER / "try-prices.png")


def _files(browser, books):
    """Export all price books by the preset."""
    browser.open(books, f"document.querySelector('{ROW}')")
    _click(browser, f"{ROW} .o_list_record_selector input")
    browser.wait("document.querySelector('.o_cp_action_menus .fa-cog')")
    _click(browser, ".o_cp_action_menus .fa-cog")
    browser.wait("document.querySelector('.o_menu_item')")
    browser.evaluate(
        "[...document.querySelectorAll('.o_menu_item')]"
        ".find(one => one.innerText.includes('Export')).click()"
    )
    browser.wait("document.querySelector('.o_export_data_dialog select')")
    _click(browser, "#o-update-data")
    browser.evaluate(
        """
        const list = document.querySelector(".o_export_data_dialog select");
        list.value = [...list.options].find(one => one.text.includes("complete")).value;
        list.dispatchEvent(new Event("change"));
        """
    )
    browser.wait("document.querySelector('.o_export_field[data-field_id*=tier_ids]')")
    browser.screenshot(FOLDER / "export-prices.png")


def _click(browser, selector):
    browser.evaluate(f"document.querySelector('{selector}').click()")


def _choose(browser, field, name):
    """Look for a record in a field and take it, as a person would."""
    browser.evaluate(
        f"""
        const input = document.querySelector("[name={field}] input");
        input.focus();
        input.click();
        document.execCommand("insertText", false, "{name}");
        """
    )
    option = f"""
        [...document.querySelectorAll(".o-autocomplete--dropdown-item")]
            .find(one => one.innerText.includes("{name}"))
    """
    browser.wait(option)
    browser.evaluate(f"{option}.querySelector('a').click()")


def _preview_running_month(browser, url):
    """Make a preview of the running month, if there is none yet, and picture it."""
    runs = f"{url}/odoo/action-bitpaket_billing.bitpaket_billing_run_action"
    browser.open(runs, f"document.querySelector('{ROW}')")
    waiting = (
        "[...document.querySelectorAll('.o_data_row td[name=display_name]')].find("
        "cell => cell.closest('tr').innerText.includes('To approve'))"
    )
    if browser.evaluate(f"!!{waiting}"):
        browser.evaluate(f"{waiting}.click()")
    else:
        button = "document.querySelector('button[name=action_preview]')"
        browser.open(f"{runs}/new", button)
        browser.evaluate(f"{button}.click()")
    browser.wait(
        "document.querySelector('.o_arrow_button_current')?.innerText === 'To approve'",
        120,
    )
    browser.screenshot(FOLDER / "billing-preview.png")
