"""Finance imports a file in the browser, and sees the bar go to its end by itself.

With a real server and its scheduler: Odoo's own tours hold the scheduler still.
"""

from dev.browser import Browser
from dev.session import log_in

from ..processes import Scratch, wait_for

ROWS = 60_000
MENU = "odoo/action-bitpaket_billing.bitpaket_usage_import_action"
#: Makes the file in the page and gives it to the form, as choosing it would.
CHOOSE = """
    const rows = [...Array(%d).keys()].map(number =>
        `e-${number};browser;kestrel-robotics;requests_a;2026-10-05T10:00:00Z;` +
        (number %% 20000 ? 1 : "much")
    );
    const text = ["id;source;account;meter;time;quantity", ...rows].join("\\n");
    const chosen = new DataTransfer();
    chosen.items.add(new File([text], "october.csv"));
    const input = document.querySelector("[name=file] input[type=file]");
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", {bubbles: true}));
"""
STATE = (
    "document.querySelector('.o_statusbar_status .o_arrow_button_current').innerText"
)
BAR = "document.querySelector('[name=progress] .o_progress')"


def field(browser, name):
    """Return what a field of the form shows."""
    return browser.evaluate(
        f"document.querySelector('.o_field_widget[name={name}]').innerText.trim()"
    )


def click(browser, name):
    button = f"document.querySelector('button[name={name}]')"
    browser.wait(button)
    browser.evaluate(f"{button}.click()")


def test_import_a_file_and_see_it_done():
    with Scratch("import_tour") as scratch:
        scratch.run(
            "dev.inside", "prepare", scratch.url, "http://sim", "http://sim", ""
        )
        with scratch.serving(), Browser() as browser:
            session = log_in(scratch.url, scratch.name, "finance", "finance")
            browser.use_session(scratch.url, session)
            browser.open(
                f"{scratch.url}/{MENU}",
                "document.querySelector('a[href*=usage-example]')",
            )
            browser.evaluate("document.querySelector('.o_list_button_add').click()")
            browser.wait("document.querySelector('[name=file] input[type=file]')")
            browser.evaluate(f"(() => {{ {CHOOSE % ROWS} }})()")
            browser.wait(
                "document.querySelector('[name=file] input.o_input')?.value"
                " === 'october.csv'"
            )
            browser.evaluate("window.notReloaded = true")
            click(browser, "action_import")
            browser.wait(BAR)
            wait_for(lambda: browser.evaluate(STATE) == "Done")
            assert browser.evaluate("window.notReloaded")
            assert browser.evaluate(f"{BAR}.ariaValueNow") == "100"
            assert field(browser, "accepted") == f"{ROWS - 3:,}"
            assert field(browser, "rejected") == "3"
            browser.wait("document.querySelector('[name=refusal_ids] .o_data_row')")
            assert "20,002" in field(browser, "refusal_ids")
            assert browser.evaluate(
                "!!document.querySelector('button[name=action_download_refused]')"
            )
