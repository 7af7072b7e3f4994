import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import format_date, mute_logger, plaintext2html

from .. import rating
from ..tools import period_label

#: Messages that an account may send on one day.
MOST_PER_DAY = 5
#: Invoices that the billing team is told of.
LATEST = 6


class BitpaketContactRequest(models.Model):
    """One message of a customer to the billing team, with the account's data."""

    _name = "bitpaket.contact.request"
    _description = "Message of a Customer"
    _order = "id desc"
    _rec_name = "subject"

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users", string="Sent by", readonly=True, default=lambda self: self.env.user
    )
    subject = fields.Char(required=True, readonly=True)
    message = fields.Text(required=True, readonly=True)
    is_enterprise = fields.Boolean(string="About enterprise prices", readonly=True)
    day = fields.Date(required=True, readonly=True, default=fields.Date.today)
    number = fields.Integer(required=True, readonly=True, help="Of the day.")

    # However many are sent at once, no account sends more.
    _number_uniq = models.Constraint(
        "unique (account_id, day, number)", "This message was sent already."
    )
    _number_limited = models.Constraint(
        f"CHECK (number BETWEEN 1 AND {MOST_PER_DAY})",
        "An account cannot send more messages on one day.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _send(self, account, subject, message, is_enterprise=False):
        """Hand a customer's message to who is responsible for the billing.

        :param account: `bitpaket.account` record
        :param str subject: what it is about
        :param str message: plain text
        :param bool is_enterprise: whether prices of one's own are asked for
        :return: the request; none when the account has sent enough today
        """
        request = self._take_number(
            {
                "account_id": account.id,
                "subject": subject,
                "message": message,
                "is_enterprise": is_enterprise,
            }
        )
        if request:
            request._hand_over()
        return request

    @api.model
    def _take_number(self, values):
        """Take the next number of the day; none: all are taken."""
        used = self.search_count(
            [
                ("account_id", "=", values["account_id"]),
                ("day", "=", fields.Date.today()),
            ]
        )
        for number in range(used + 1, MOST_PER_DAY + 1):
            try:
                with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                    return self.create({**values, "number": number})
            except psycopg2.errors.UniqueViolation:
                continue  # another one was sent at the same time
        return self.browse()

    def _hand_over(self):
        """Post the message on the account, and have the responsible answer it.

        Only employees see it there. What is attached belongs to the request, which
        customers cannot read.
        """
        self.ensure_one()
        responsible = self.company_id._bitpaket_responsible()
        author = self.user_id.partner_id
        team = self.with_user(SUPERUSER_ID).with_context(lang=responsible.lang)
        account = team.account_id
        body = plaintext2html(team._body())
        account.message_post(
            subject=self.subject,
            body=body,
            author_id=author.id,
            subtype_xmlid="mail.mt_note",
            attachment_ids=team._attach_data().ids,
        )
        account.activity_schedule(
            "bitpaket_billing.activity_contact",
            summary=self.subject,
            note=body,
            user_id=responsible.id,
        )

    def _body(self):
        sender = self.user_id.partner_id
        kind = (
            self.env._("Enterprise prices are asked for.") if self.is_enterprise else ""
        )
        return "\n\n".join(
            filter(
                None,
                [
                    self.subject,
                    kind,
                    self.message,
                    self.env._(
                        "Sent on the billing page by %(name)s, %(email)s",
                        name=sender.name,
                        email=sender.email or "–",
                    ),
                ],
            )
        )

    # --- the account's data

    def _attach_data(self):
        """Attach what the billing team wants to know of the account.

        :return: `ir.attachment` records
        """
        account = self.account_id
        files = [("account.txt", self._account_words().encode(), "text/plain")]
        period = account._shown_period(fields.Date.today())
        try:
            usage = account._focus_csv(period)
            files.append((account._focus_name(period, "csv"), usage, "text/csv"))
        except rating.RatingError as error:
            problem = account._rating_error_message(error)
            files.append(("usage.txt", problem.encode(), "text/plain"))
        return self.env["ir.attachment"].create(
            [
                {
                    "name": name,
                    "raw": content,
                    "mimetype": mimetype,
                    "res_model": self._name,
                    "res_id": self.id,
                }
                for name, content, mimetype in files
            ]
        )

    def _account_words(self):
        """Return what is known of the account as text, a fact per line.

        :rtype: str
        """
        account = self.account_id
        money = account.currency_id.format
        period = account._shown_period(fields.Date.today())
        label = period_label(self.env, period.start, period.end)
        phase = account._phase_on(fields.Date.today())
        states = dict(account._fields["state"]._description_selection(self.env))
        facts = [
            (self.env._("Account"), f"{account.name} ({account.reference})"),
            (self.env._("Customer"), account.partner_id.display_name),
            (self.env._("State"), states[account.state]),
            (
                self.env._("Plan"),
                phase.plan_id.display_name or self.env._("Pay-as-you-go"),
            ),
            (self.env._("Price book"), account.price_book_id.name),
            (self.env._("Owed"), money(account.amount_owed)),
            (self.env._("Overdue"), money(account.amount_overdue)),
            (self.env._("%s so far", label), money(account.amount_running)),
        ]
        if account.plan_change_id:
            facts.append(
                (self.env._("Pending change"), account.plan_change_id._summary())
            )
        invoices = account.invoice_ids.filtered(lambda move: move.state == "posted")
        latest = invoices.sorted(lambda move: (move.invoice_date, move.id))[-LATEST:]
        facts += [
            (
                move.name,
                f"{format_date(self.env, move.invoice_date)}, "
                f"{money(move.amount_total_in_currency_signed)}, "
                f"{self.env._('open: %s', money(move.amount_residual))}",
            )
            for move in reversed(latest)
        ]
        return "".join(f"{name}: {fact}\n" for name, fact in facts)
