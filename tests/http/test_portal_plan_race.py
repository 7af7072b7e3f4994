"""A plan confirmed in two windows at once, on a real server."""

import threading

import requests
from lxml import html

from ..processes import Scratch

CHARGED = """
    SELECT (SELECT COUNT(*) FROM bitpaket_plan_change),
           (SELECT COUNT(*) FROM bitpaket_statement WHERE kind = 'change'),
           (SELECT SUM(amount_untaxed) FROM account_move
             WHERE state = 'posted' AND bitpaket_account_id IS NOT NULL)
"""


def test_two_windows_charge_once():
    with Scratch("plan_race") as scratch:
        scratch.run("dev.bench.close_inside", "fill", "1", "2026-10")
        known = scratch.run("tests.http.plans_inside")
        scratch.query("UPDATE ir_cron SET active = false")
        with scratch.serving("--workers=0"):
            windows = [_open(scratch.url, known) for _number in range(2)]
            begun, answers = threading.Barrier(2), []

            def press(session, action, fields):
                begun.wait()
                answer = session.post(f"{scratch.url}{action}", data=fields, timeout=60)
                answers.append(answer)

            threads = [threading.Thread(target=press, args=one) for one in windows]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [answer.status_code for answer in answers] == [200, 200]
        told = sorted("on this plan already" in answer.text for answer in answers)
        assert told == [False, True]
        assert scratch.query(CHARGED) == [(1, 1, 30)]


def _open(url, known):
    """Log in, and open the page that tells what the plan costs.

    :return: session, address and fields of its form
    """
    session = requests.Session()
    form = html.fromstring(session.get(f"{url}/web/login", timeout=60).content)
    token = form.xpath("//input[@name='csrf_token']/@value")[0]
    login = known["login"]
    session.post(
        f"{url}/web/login",
        data={"login": login, "password": login, "csrf_token": token},
        timeout=60,
    )
    page = session.get(
        f"{url}/my/billing/{known['account']}/plans/change",
        params={"what": "choose", "plan": known["plan"]},
        timeout=60,
    )
    (form,) = html.fromstring(page.content).xpath(
        "//form[contains(@action, '/plans/change')]"
    )
    return session, form.get("action"), dict(form.form_values())
