from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from odoo import http
from odoo.http import Response, request

from .raw import json_answer

ROUTE = {
    "type": "bitpaket_raw",
    "methods": ["GET"],
    "csrf": False,
    "save_session": False,
    "readonly": True,
}


class HealthController(http.Controller):
    """Where load balancers and monitoring ask how the billing is."""

    @http.route("/bitpaket/v1/health", auth="bitpaket_anyone", **ROUTE)
    def health(self):
        """Tell whether the billing is well; with a monitoring key also why.

        :return: status 200 when it is, 503 when it is not
        """
        health = request.env["bitpaket.health"]
        facts = health._facts()
        problems = health._problems(facts)
        content = {"status": "failing" if problems else "ok"}
        if request.env.user.has_group("bitpaket_billing.group_monitor"):
            content |= {
                "problems": problems,
                "warnings": health._warnings(facts),
                **facts,
            }
        answer = json_answer(content, 503 if problems else 200)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @http.route("/bitpaket/v1/metrics", auth="bitpaket_monitor", **ROUTE)
    def metrics(self):
        """Return the figures in Prometheus' text format."""
        registry = CollectorRegistry()
        registry.register(Figures(request.env["bitpaket.health"]))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Figures:
    """Collects from the database at the time of the scrape, whichever worker answers.

    :param health: `bitpaket.health`
    """

    def __init__(self, health):
        self.health = health

    def collect(self):
        """Yield a metric for each figure."""
        facts = self.health._facts()
        problems = self.health._problems(facts)
        yield gauge("healthy", "1: the billing is well", int(not problems))
        for name, text in (
            ("statements", "Statements that are not finished"),
            ("fastspring_events", "FastSpring events that are not finished"),
            ("invoices_unsent", "Usage invoices whose e-mail has not gone out"),
        ):
            yield gauge(name, text, facts[name], "state")
        yield gauge(
            "job_overdue_seconds",
            "Since when a job should have run",
            facts["jobs_overdue_seconds"],
            "job",
        )
        for name, text in (
            ("statements_reopened", "Statements that are billed again"),
            ("close_backlog_seconds", "Age of the oldest statement to invoice"),
            ("usage_pending", "Usage rows to roll up, at most 100,000"),
            ("usage_pending_seconds", "Age of the oldest usage to roll up"),
            ("fastspring_lag_seconds", "Age of the oldest FastSpring event to process"),
            ("fastspring_webhook_seconds", "Since the last webhook of FastSpring"),
            (
                "fastspring_unprocessed_seconds",
                "How long the oldest event had waited at FastSpring when last asked",
            ),
            ("fastspring_no_answer_seconds", "Since when FastSpring cannot be asked"),
            ("fastspring_missed", "FastSpring events of a day that no webhook brought"),
        ):
            if facts[name] is not None:
                yield gauge(name, text, facts[name])


def gauge(name, text, value, label=None):
    """Return a metric.

    :param str name: without the prefix
    :param str text: what it tells
    :param value: a number, or numbers by what the label says
    :param str label: name of the label
    """
    metric = GaugeMetricFamily(
        f"bitpaket_{name}", text, labels=[label] if label else None
    )
    for key, number in (value if label else {None: value}).items():
        metric.add_metric([key] if label else [], number)
    return metric
