"""The finance team's way through a month close, in a real browser, by real workers."""

import os
import urllib.request
from pathlib import Path

import pytest

from dev.browser import Browser
from dev.session import log_in

from ..processes import Scratch, kill, wait_for

ACCOUNTS = 120
RUNS = "/odoo/action-bitpaket_billing.bitpaket_billing_run_action"
#: Where to keep pictures of the steps, for whoever wants to look at them.
PICTURES = os.environ.get("BITPAKET_PICTURES")


class Finance:
    """A member of the finance team, at a browser."""

    def __init__(self, browser, scratch):
        self.browser, self.scratch = browser, scratch
        self.url = f"http://127.0.0.1:{scratch.port}"
        browser.use_session(
            self.url, log_in(self.url, scratch.name, "finance", "finance")
        )

    def look(self, name):
        if PICTURES:
            self.browser.screenshot(Path(PICTURES) / f"{name}.png")

    def sees(self, words, inside="body", seconds=60):
        """Wait until an element shows some words."""
        self.browser.wait(
            f"[...document.querySelectorAll({inside!r})].some("
            f"one => one.innerText.replaceAll('\\u00a0', ' ').includes({words!r}))",
            seconds,
        )

    def clicks(self, selector, words=""):
        """Click what a person would see: by selector, and by the words on it."""
        found = f"""
            [...document.querySelectorAll({selector!r})].find(
                one => one.innerText.includes({words!r})
                    && one.offsetParent && !one.disabled
            )
        """
        self.browser.wait(f"{found} !== undefined")
        self.browser.evaluate(f"{found}.click()")

    def types(self, selector, text):
        self.browser.wait(f"document.querySelector({selector!r})")
        self.browser.evaluate(
            f"""
            const field = document.querySelector({selector!r});
            field.value = {text!r};
            field.dispatchEvent(new Event("input", {{bubbles: true}}));
            field.dispatchEvent(new Event("change", {{bubbles: true}}));
            """
        )

    def number(self, name):
        """Return a number that the form shows."""
        return int(
            self.browser.evaluate(
                f"document.querySelector('.o_form_view [name={name}]').innerText"
            )
        )


@pytest.fixture(scope="module")
def finance():
    with Scratch("close_tour") as scratch:
        url = f"http://127.0.0.1:{scratch.port}"
        scratch.run("dev.inside", "prepare", url, url, url, "")
        scratch.run("dev.bench.close_inside", "fill", str(ACCOUNTS), "2026-10")
        scratch.query(
            """
            UPDATE bitpaket_account SET date_end = '2026-11-01';
            UPDATE res_company SET bitpaket_close_approval = true;
            UPDATE res_partner SET active = false WHERE name = 'Customer 7';
            UPDATE res_partner SET street = '1 Main Street', city = 'Boston',
                   country_id = (SELECT id FROM res_country WHERE code = 'US')
             WHERE name LIKE 'Customer %'
            """
        )
        server = scratch.serve()
        try:
            wait_for(lambda: _answers(url))
            with Browser() as browser:
                yield Finance(browser, scratch)
        finally:
            kill(server)


def _answers(url):
    try:
        return urllib.request.urlopen(f"{url}/web/health", timeout=5)
    except OSError:
        return None


def test_preview_hold_approve_watch_mend_and_totals(finance):
    scratch, browser = finance.scratch, finance.browser

    # The scheduler has prepared the run, and asks for approval.
    scratch.query(
        "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC'"
        " WHERE cron_name LIKE 'BitPaket: invoice%'"
    )
    waiting = "SELECT COUNT(*) FROM bitpaket_billing_run WHERE state = 'waiting'"
    wait_for(lambda: scratch.wake_cron() or scratch.query(waiting)[0][0])
    assert scratch.query("SELECT COUNT(*) FROM account_move")[0][0] == 0
    browser.open(finance.url + RUNS, "document.querySelector('.o_data_row')")
    finance.sees("To approve", ".o_data_row")
    finance.look("list")
    finance.clicks(".o_data_row td", "October 2026")

    # The review list says what is unusual; one account shall wait.
    finance.sees("Nothing is invoiced yet")
    finance.sees("The customer “Customer 7” is archived", "[name=review_ids]")
    finance.look("review")
    assert finance.number("count_previewed") == ACCOUNTS + 3
    total = browser.evaluate("document.querySelector('[name=totals]').innerText")
    finance.clicks(
        "[name=review_ids] .o_data_row:nth-child(2) button[name=action_hold]"
    )
    finance.types(".modal [name=reason] input", "We talk to them first")
    finance.look("hold")
    finance.clicks(".modal button[name=action_decide]", "Hold")
    finance.sees("We talk to them first", "[name=review_ids] .o_data_row")
    assert finance.number("count_held") == 1

    # Approved: the form follows the workers to the end.
    finance.clicks("button[name=action_approve]")
    finance.sees("Running", ".o_statusbar_status .o_arrow_button_current")
    finance.look("running")
    finance.sees("Done", ".o_statusbar_status .o_arrow_button_current", 120)
    finance.sees("accounts could not be invoiced")
    finance.look("failures")
    assert finance.number("count_failed") == 1
    assert finance.number("count_held") == 1
    assert finance.number("count_todo") == 0
    finance.clicks(".o_notebook .nav-link", "Failures")
    finance.sees("Restore the contact, or choose another customer", "[name=failed_ids]")

    # Mended, and tried again.
    scratch.query("UPDATE res_partner SET active = true WHERE name = 'Customer 7'")
    finance.clicks("[name=failed_ids] .o_data_row button[name=action_retry]")
    finance.sees("0", ".o_form_view [name=count_failed]", 120)

    # Released, so that the totals are those of the preview.
    finance.clicks(".o_notebook .nav-link", "Held and skipped")
    finance.look("held")
    finance.clicks("[name=set_aside_ids] .o_data_row button[name=action_release]")
    for name in ("count_held", "count_todo"):
        finance.sees("0", f".o_form_view [name={name}]", 120)
    finance.sees("Done", ".o_statusbar_status .o_arrow_button_current", 120)
    finance.clicks(".o_notebook .nav-link", "Totals")
    finance.sees("Storage", "[name=total_ids] .o_data_row")
    finance.look("totals")
    made = browser.evaluate("document.querySelector('[name=totals]').innerText")
    assert made == total
    posted = "SELECT COUNT(*) FROM account_move WHERE state = 'posted'"
    assert scratch.query(posted)[0][0] == ACCOUNTS
