"""Pictures of the hand-over to bookkeeping: targets, an export, the month end."""

import json

from .browser import DESKTOP, TALL

ROW = ".o_data_row"
EXPORTED = {"date_start": "2026-11-01", "date_end": "2026-12-01"}
COLUMN = ("sequence", "header", "value", "required", "max_length", "overlong", "rest")
#: Per picture of a target: its name, what it is, and the tab to look at.
TARGETS = (
    (
        "accountant-pack",
        {"name": "Our accountant", "format": "pack", "papers": True},
        "accounts",
    ),
    (
        "datev",
        {
            "name": "Kanzlei Huber",
            "format": "datev",
            "datev_consultant": "1234567",
            "datev_client": "42",
            "datev_chart": "03",
            "number_partners": True,
        },
        "datev",
    ),
    ("plain-text", {"name": "Books as text", "format": "beancount"}, "accounts"),
    *(
        (
            name,
            {
                "name": title,
                "format": "profile",
                "csv_template": name,
                "content": content,
            },
            "profile",
        )
        for name, title, content in (
            ("xero", "Xero", "all"),
            ("quickbooks", "QuickBooks Online", "all"),
            ("sage50", "Sage 50", "all"),
            ("luca", "Luca", "invoices"),
            ("yevmiye", "Yevmiye", "all"),
        )
    ),
    (
        "own-csv",
        {
            "name": "Our data warehouse",
            "format": "profile",
            "csv_delimiter": ";",
            "csv_decimal": ",",
            "csv_date_format": "DD.MM.YYYY",
            "csv_column_ids": [
                (0, 0, {"header": header, "value": value})
                for header, value in (
                    ("Document", "{entry.name}"),
                    ("Date", "{entry.date}"),
                    ("Account", "{line.account.code}"),
                    ("Amount", "{line.balance}"),
                    ("Text", "{line.label}"),
                )
            ],
        },
        "profile",
    ),
)


def take(browser, url, folder):
    """Take these pictures, as a user of finance who is logged in.

    :param str url: of the demo
    :param Path folder: where they go
    """
    action = f"{url}/odoo/action-bitpaket_billing"
    _overview(browser, action, folder)
    _targets(browser, action, folder)
    _export(browser, action, folder)


def _overview(browser, action, folder):
    """Look at what the accountant gets, before it is exported, and at the month end."""
    browser.open(
        f"{action}.bitpaket_export_target_action/1",
        "document.querySelector('.o_form_view h1')",
        TALL,
    )
    browser.screenshot(folder / "export-target.png")
    batch = _call(
        browser, "bitpaket.export.batch", "create", {"target_id": 1, **EXPORTED}
    )
    _call(browser, "bitpaket.export.batch", "action_check", batch)
    browser.open(
        f"{action}.bitpaket_export_batch_action/{batch}",
        f"document.querySelector('[name=problem_ids] {ROW}')",
        TALL,
    )
    browser.screenshot(folder / "export-preview.png")
    browser.open(
        f"{action}.bitpaket_month_end_action",
        f"document.querySelector('[name=line_ids] {ROW}')",
        TALL,
    )
    browser.screenshot(folder / "month-end.png")


def _targets(browser, action, folder):
    """Set up a target of each kind, as its page in docs tells, and look at it."""
    for name, values, tab in TARGETS:
        target = _make_target(browser, values)
        browser.open(
            f"{action}.bitpaket_export_target_action/{target}",
            "document.querySelector('.o_form_view h1')",
            TALL if tab == "profile" else DESKTOP,
        )
        link = f"document.querySelector('.o_notebook a[name={tab}]')"
        browser.evaluate(f"{link}.click()")
        browser.wait(f"{link}.classList.contains('active')")
        browser.screenshot(folder / f"target-{name}.png")


def _export(browser, action, folder):
    """Make an export, if there is none yet, and look at its files and totals."""
    target = _make_target(browser, {"name": "Books as text", "format": "beancount"})
    model, values = "bitpaket.export.batch", {"target_id": target, **EXPORTED}
    batches = _call(browser, model, "search", [["target_id", "=", target]])
    if not batches:
        batches = [_call(browser, model, "create", values)]
        _call(browser, model, "action_check", batches)
        _call(browser, model, "action_export", batches)
    browser.open(
        f"{action}.bitpaket_export_batch_action/{batches[0]}",
        f"document.querySelector('[name=file_ids] {ROW}')",
        TALL,
    )
    browser.screenshot(folder / "export-made.png")


def _make_target(browser, values):
    """Return the id of the target of that name, made if there is none yet."""
    model, template = "bitpaket.export.target", values.get("csv_template")
    found = _call(browser, model, "search", [["name", "=", values["name"]]])
    if found:
        return found[0]
    if template:
        shown = _call(browser, model, "fields_get", [], ["type"])
        spec = {field: {} for field in shown if field.startswith("csv_")}
        spec["csv_column_ids"] = {"fields": dict.fromkeys(COLUMN, {})}
        filled = _call(browser, model, "onchange", [], values, ["csv_template"], spec)
        values = {**values, **filled["value"]}
    return _call(browser, model, "create", values)


def _call(browser, model, method, *args):
    """Return what a method answers to the browser's user."""
    body = {"params": {"model": model, "method": method, "args": args, "kwargs": {}}}
    return json.loads(
        browser.evaluate(
            f"""
            (() => {{
                const request = new XMLHttpRequest();
                request.open("POST", "/web/dataset/call_kw", false);
                request.setRequestHeader("Content-Type", "application/json");
                request.send({json.dumps(json.dumps(body))});
                return request.responseText;
            }})()
            """
        )
    ).get("result")
