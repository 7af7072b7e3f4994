"""What monitoring is told, and who is told it."""

import json
from datetime import timedelta

from odoo.fields import Command, Datetime
from odoo.tests import HttpCase, tagged

from ..common import BillingMixin

HEALTH, METRICS = "/bitpaket/v1/health", "/bitpaket/v1/metrics"


@tagged("standard", "post_install", "-at_install")
class TestHealth(BillingMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.make_company()
        cls.account = cls.make_account("acme", date_start="2026-10-01")
        cls.monitor = cls.env["res.users"].create(
            {
                "name": "Prometheus",
                "login": "prometheus",
                "group_ids": [
                    Command.set(
                        [
                            cls.env.ref("base.group_user").id,
                            cls.env.ref("bitpaket_billing.group_monitor").id,
                        ]
                    )
                ],
            }
        )
        cls.key = cls.make_key(cls.monitor, "bitpaket.monitor")
        cls.crons = cls.env["ir.cron"].search([])
        cls.crons.nextcall = Datetime.now() + timedelta(hours=1)

    @classmethod
    def make_key(cls, user, scope):
        return cls.env["bitpaket.usage.key"]._make_key(
            user, "test", Datetime.now() + timedelta(days=1), scope
        )

    def ask(self, url, key=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.env.flush_all()
        return self.url_open(url, headers=headers)

    def facts(self):
        answer = self.ask(HEALTH, self.key)
        return answer.status_code, answer.json()

    def test_everybody_is_told_the_state_and_nothing_else(self):
        answer = self.ask(HEALTH)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json(), {"status": "ok"})
        self.assertEqual(answer.headers["Content-Type"], "application/json")

    def test_a_key_is_told_why(self):
        self.report_month(self.account)
        self.close(self.account)
        status, facts = self.facts()
        self.assertEqual((status, facts["status"], facts["problems"]), (200, "ok", []))
        self.assertEqual(facts["closed_until"], "2026-11-01")
        self.assertEqual(facts["invoices_unsent"]["waiting"], 1)
        self.assertEqual(facts["usage_pending"], 3)
        text = json.dumps(facts)
        for personal in ("acme", "Acme", "29.0"):
            self.assertNotIn(personal, text)

    def test_what_makes_it_unwell(self):
        self.report_month(self.account)
        self.env["bitpaket.statement"]._create_due()
        self.env.flush_all()
        provider = self.env["payment.provider"].search([("code", "=", "fastspring")])
        for problem, sql in (
            ("close_backlog", "UPDATE bitpaket_statement SET create_date = %s"),
            ("usage_not_rolled_up", "UPDATE bitpaket_usage_pending SET reported = %s"),
            (
                "job_overdue",
                "UPDATE ir_cron SET nextcall = %s"
                " WHERE cron_name = 'BitPaket: invoice periods that have ended'",
            ),
            (
                "fastspring_lag",
                "INSERT INTO bitpaket_fastspring_event"
                " (provider_id, company_id, event_id, state, received) VALUES"
                f" ({provider[0].id}, {self.company.id}, 'x', 'new', %s)",
            ),
        ):
            with self.subTest(problem):
                self.assertNotIn(problem, self.facts()[1]["problems"])
                self.env.cr.execute(sql, [Datetime.now() - timedelta(days=1)])
                self.env.invalidate_all()
                status, facts = self.facts()
                self.assertEqual((status, facts["status"]), (503, "failing"))
                self.assertIn(problem, facts["problems"])
        self.assertEqual(self.ask(HEALTH).json(), {"status": "failing"})

    def test_failures_are_warnings(self):
        self.env["bitpaket.statement"]._create_due()
        statement = self.account.statement_ids[:1]
        statement.write({"state": "error", "next_retry": Datetime.now()})
        status, facts = self.facts()
        self.assertEqual(status, 200)
        self.assertEqual(facts["warnings"], ["failed_statements"])
        self.assertEqual(facts["statements"]["error"], 1)

    def test_metrics(self):
        self.report_month(self.account)
        self.close(self.account)
        answer = self.ask(METRICS, self.key)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("text/plain", answer.headers["Content-Type"])
        for line in (
            "# TYPE bitpaket_healthy gauge",
            "bitpaket_healthy 1.0",
            'bitpaket_statements{state="error"} 0.0',
            'bitpaket_invoices_unsent{state="waiting"} 1.0',
            'bitpaket_job_overdue_seconds{job="close"} 0.0',
            "bitpaket_usage_pending 3.0",
        ):
            self.assertIn(line, answer.text.splitlines())
        self.assertNotIn("acme", answer.text.lower())

    def test_who_is_refused(self):
        reporter = self.env["res.users"].create(
            {
                "name": "Reporter",
                "login": "reporter",
                "group_ids": [
                    Command.set(
                        self.env.ref("bitpaket_billing.group_usage_reporter").ids
                    )
                ],
            }
        )
        usage_key = self.make_key(reporter, "bitpaket.usage")
        for url, key, status, code in (
            (METRICS, None, 401, "missing_key"),
            (METRICS, "nonsense", 401, "invalid_key"),
            (METRICS, usage_key, 401, "invalid_key"),
            (HEALTH, usage_key, 401, "invalid_key"),
        ):
            answer = self.ask(url, key)
            self.assertEqual(answer.status_code, status)
            self.assertEqual(answer.json()["error"]["code"], code)
        self.monitor.group_ids = self.env.ref("base.group_user")
        answer = self.ask(METRICS, self.key)
        self.assertEqual(answer.status_code, 403)
        answer = self.url_open(
            "/bitpaket/v1/usage",
            data="[]",
            headers={"Authorization": f"Bearer {self.key}"},
        )
        self.assertEqual(answer.status_code, 401)

    def test_few_queries_whatever_there_is(self):
        health = self.env["bitpaket.health"]
        health._facts()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            health._facts()
