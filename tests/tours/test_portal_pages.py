"""The customer's pages in Chromium: for those who hear them, phones, right to left.

With `BITPAKET_PICTURES=folder`, a picture of each state is taken on the way.
"""

import os
from pathlib import Path
from unittest.mock import patch

from PIL import Image

from odoo.tests import HttpCase, tagged

from dev import npm
from dev.browser import DESKTOP, PHONE, Browser

from ..fastspring_common import simulated
from ..plan_common import PlanMixin
from ..portal_states import HOW_TO_PAY, StateMaker

AXE = "axe-core@4.14.1"
#: What axe looks for; the frame around a page is Odoo's own.
RUN = """
    axe.run(document.querySelector("#wrap") || document.body, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }).then((found) =>
        found.violations
            .filter((one) => ["serious", "critical"].includes(one.impact))
            .flatMap((one) =>
                one.nodes.map(
                    (node) => `${one.id}: ${node.target} ${node.failureSummary}`,
                ),
            ),
    )
"""
RTLCSS = "rtlcss@4.3.0"
PAGES = (
    "",
    "/payments",
    "/usage",
    "/automatic",
    "/budgets",
    "/budgets/new",
    "/coupon",
    "/details",
    "/logins",
    "/plans",
    "/contact",
)


@tagged("standard", "post_install", "-at_install")
class TestPortalPages(StateMaker, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.axe = (npm.ensure("axe", AXE) / "axe-core/axe.min.js").read_text()

    def setUp(self):
        super().setUp()
        self.addCleanup(self._wait_remaining_requests)
        self.browser = self.enterContext(Browser())
        self.enterContext(self.allow_requests(all_requests=True))
        self.problems = []

    def assertNoProblems(self):
        self.assertFalse(self.problems, "\n".join(self.problems))

    def leave(self):
        """Leave the page: what it still asks for works on the test's own cursor."""
        self.browser.open("about:blank")
        self._wait_remaining_requests()

    def look(self, path, size, user=None):
        """Open a page as a customer and check it."""
        self.leave()
        user = user or self.user
        session = self.authenticate(user.login, user.login)
        self.browser.use_session(self.base_url(), session.sid)
        self.browser.open(f"{self.base_url()}{path}", size=size)
        self.assertFalse(
            self.browser.evaluate("!document.querySelector('.o_bitpaket_billing')"),
            f"{path} is not a page of the addon",
        )
        self.browser.evaluate(self.axe)
        found = self.browser.evaluate(RUN)
        width = self.browser.evaluate("document.documentElement.scrollWidth")
        if width > size[0]:  # it scrolls sideways, which is no reading
            found.append(f"{width} pixels wide")
        self.problems += [f"{path} at {size[0]}: {one}" for one in found]

    def picture(self, file):
        """Save a picture of the page, in few colours: it is small then."""
        self.browser.screenshot(file, whole=True)
        with Image.open(file) as image:
            small = image.convert("RGB").quantize(64)
        small.save(file, optimize=True)

    def test_states(self):
        folder = os.environ.get("BITPAKET_PICTURES")
        for state in self.STATES:
            with self.cr.savepoint() as savepoint:
                user = self.make(state)
                path = self.urls.get(state, f"/my/billing/{self.account.id}")
                for size, name in ((DESKTOP, ""), (PHONE, "-phone")):
                    self.look(path, size, user)
                    if folder:
                        file = f"billing-{state.replace('_', '-')}{name}.png"
                        self.picture(Path(folder) / file)
                self.leave()
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertNoProblems()

    def click(self, state, user=None):
        """Do the one thing that a state offers."""
        self.env.flush_all()
        url = self.urls.get(state, f"/my/billing/{self.account.id}")
        self.look(url, DESKTOP, user)
        self.browser.evaluate(
            f"document.querySelector('[name={state}] :is(a, button)').click()"
        )

    def test_what_states_offer(self):
        self.enterContext(simulated(self.provider))
        offered = {
            "past_due": "[data-page=checkout]",
            "suspended": "[data-page=checkout]",
            "not_charged": "[data-page=checkout]",
            "new": "/details",
            "capped": "/budgets/",
            "trial": "/plans",
            "paused": "/plans",
            "closed": "/contact",
        }
        for state, where in offered.items():
            with self.subTest(state), self.env.cr.savepoint() as savepoint:
                self.click(state, self.make(state))
                self.browser.wait(
                    f"document.querySelector('{where}')"
                    if where.startswith("[")
                    else f"location.pathname.includes('{where}')"
                    " && document.readyState === 'complete'"
                )
                self.leave()
                savepoint.rollback()
                self.env.invalidate_all()
        # FastSpring's page opens in a tab of its own.
        self.look(f"/my/billing/{self.account.id}", DESKTOP, self.make("waiting"))
        self.assertEqual(
            self.browser.evaluate(
                "(({textContent, href, target}) =>"
                " [textContent.trim().split(/\\s+/).join(' '), href, target])"
                "(document.querySelector('[name=waiting] a'))"
            ),
            ["How to pay (opens in a new tab)", HOW_TO_PAY, "_blank"],
        )
        self.assertNoProblems()

    def test_downloads(self):
        """What is behind the links is what they say."""
        for page, link, kind, begins in (
            ("", "[name=invoices] tbody a[href*='csv']", "text/csv", "Account"),
            ("/usage", "a[name=csv]", "text/csv", "BilledCost,"),
            ("/usage", "a[name=json]", "application/json", "{"),
        ):
            with self.subTest(page, link=link):
                self.look(f"/my/billing/{self.account.id}{page}", DESKTOP)
                status, type_, text = self.browser.evaluate(
                    f"fetch(document.querySelector(`{link}`).href).then(async (one) =>"
                    " [one.status, one.headers.get('Content-Type'), await one.text()])"
                )
                self.assertEqual((status, type_.split(";")[0]), (200, kind))
                self.assertTrue(text.startswith(begins), text[:200])
        self.assertNoProblems()

    def test_pages(self):
        self.make_overdue()
        self.make_capped()
        PlanMixin.make_plan.__func__(type(self), "Starter", 45)
        for page in PAGES:
            for size in (DESKTOP, PHONE):
                self.look(f"/my/billing/{self.account.id}{page}", size)
        self.assertNoProblems()

    def test_right_to_left(self):
        # Odoo turns its styles round with this program.
        programs = npm.ensure("rtlcss", RTLCSS) / ".bin"
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.enterContext(patch.dict(os.environ, PATH=path))
        self.env["res.lang"]._activate_lang("ar_001")
        self.user.partner_id.lang = "ar_001"
        self.browser.call(
            "Network.setCookie",
            name="frontend_lang",
            value="ar_001",
            url=self.base_url(),
        )
        self.make_overdue()
        for page in ("", "/usage", "/budgets", "/details", "/plans"):
            self.look(f"/my/billing/{self.account.id}{page}", PHONE)
            self.assertEqual(
                self.browser.evaluate(
                    "getComputedStyle(document.querySelector('#wrap')).direction"
                ),
                "rtl",
            )
        self.assertNoProblems()
