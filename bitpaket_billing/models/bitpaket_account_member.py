from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize, escape_psql, frozendict, ormcache

from odoo.addons.auth_signup.models.res_partner import SignupError

#: Invitations of one account within an hour after which there are no more.
MOST_INVITATIONS = 10
HOUR = timedelta(hours=1)
#: How long somebody who was invited is not sent the same again.
QUIET = timedelta(days=1)


class BitpaketAccountMember(models.Model):
    """A login that may see an account of another customer.

    The logins of the account's own customer need none of this: they may do all. One
    that stands here is told apart by its role, also when it is the customer's own.
    """

    _name = "bitpaket.account.member"
    _description = "Login of a Billing Account"
    _order = "id"
    _rec_name = "email"

    account_id = fields.Many2one(
        "bitpaket.account", required=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        string="Login",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("share", "=", True)],
    )
    email = fields.Char(related="user_id.login", string="E-mail")
    role = fields.Selection(
        [("billing", "Billing contact"), ("read", "Read only")],
        required=True,
        default="read",
        help="A billing contact pays, redeems coupons, changes details and invites "
        "others. Who reads only sees the same, and can change nothing.",
    )
    active = fields.Boolean(
        default=True, help="Somebody who was removed stays here, archived."
    )
    invited = fields.Datetime(
        string="Last invited", readonly=True, help="When an e-mail told of it."
    )

    _user_uniq = models.Constraint(
        "unique (account_id, user_id)", "This login belongs to the account already."
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Tell on the accounts who may see them now."""
        members = super().create(vals_list)
        self.env.registry.clear_cache()
        for member in members.filtered("active"):
            member._note_added()
        return members

    def write(self, vals):
        """Tell on the accounts what changes."""
        before = {member: (member.active, member.role) for member in self}
        result = super().write(vals)
        self.env.registry.clear_cache()
        for member, (active, role) in before.items():
            if active and not member.active:
                member._note_removed()
            elif member.active and (not active or role != member.role):
                member._note_added()
        return result

    def unlink(self):
        """Tell on the accounts who may not see them any more."""
        for member in self.filtered("active"):
            member._note_removed()
        self.env.registry.clear_cache()
        return super().unlink()

    def _note_added(self):
        roles = dict(self._fields["role"]._description_selection(self.env))
        self.account_id.message_post(
            body=self.env._(
                "%(login)s may open this account: %(role)s.",
                login=self.email,
                role=roles[self.role],
            )
        )

    def _note_removed(self):
        self.account_id.message_post(
            body=self.env._("%s may not open this account any more.", self.email)
        )

    # === BUSINESS METHODS === #

    @api.model
    @ormcache("user_id")
    def _get_roles(self, user_id):
        """Return the roles of a user by account, kept for the pages that ask often.

        :rtype: frozendict
        """
        members = self.sudo().search([("user_id", "=", user_id)])
        return frozendict({member.account_id.id: member.role for member in members})

    @api.model
    def _invite(self, account, email, role):
        """Let somebody see an account, and tell them by e-mail.

        Whether the address has a login here makes no difference that the one who
        invites could see. A new login belongs to a contact of its own, so that it
        sees this account only.

        :param account: the `bitpaket.account`
        :param str email: what was typed
        :param str role: of `role`
        :raise UserError: why not, in words
        """
        email_typed, email = email, email_normalize(email)
        if not email:
            raise UserError(self.env._("“%s” is not an e-mail address.", email_typed))
        # One at a time, so that all of them count.
        if not account.try_lock_for_update(allow_referencing=True):
            raise UserError(self.env._("Please try again in a moment."))
        user = (
            self.env["res.users"]
            .with_context(active_test=False)
            .search([("login", "=ilike", escape_psql(email))], limit=1)
        )
        every = self.with_context(active_test=False)
        of_account = every.search([("account_id", "=", account.id)])
        member = of_account.filtered(lambda one: one.user_id == user and user)
        listed = user and user in account._get_owner_logins()
        if listed or (member.active and member.role == role):
            raise UserError(self.env._("%s is on the list already.", email))
        if member.active:
            member.role = role
            return
        since = fields.Datetime.now() - HOUR
        recent = of_account.filtered(lambda one: one.invited and one.invited > since)
        if len(recent) >= MOST_INVITATIONS:
            raise UserError(
                self.env._(
                    "Too many invitations. Please wait an hour, or contact billing."
                )
            )
        if member:
            member.write({"active": True, "role": role})
        else:
            member = self.create(
                {
                    "account_id": account.id,
                    "user_id": (user or self._create_login(account, email)).id,
                    "role": role,
                }
            )
        member._let_into_company()
        member._send_invitation()

    @api.model
    def _create_login(self, account, email):
        """Return a new portal login, whose owner still has to choose a password."""
        company = account.company_id
        partner = self.env["res.partner"].create(
            {"name": email, "email": email, "lang": self.env.user.lang}
        )
        users = self.env["res.users"].with_context(no_reset_password=True)
        try:
            user = users._create_user_from_template(
                {
                    "login": email,
                    "email": email,
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "company_ids": [fields.Command.set(company.ids)],
                }
            )
        except SignupError as error:
            # Somebody else invited the same at the same time.
            raise UserError(self.env._("Please try again in a moment.")) from error
        partner.signup_prepare()
        return user

    def _let_into_company(self):
        """Let a portal login see the company, where it sees only its own accounts."""
        company = self.account_id.company_id
        if self.user_id.share and company not in self.user_id.company_ids:
            self.user_id.company_ids = [fields.Command.link(company.id)]

    def _send_invitation(self):
        """Leave an e-mail in the queue, at most one a day."""
        now = fields.Datetime.now()
        if self.invited and self.invited > now - QUIET:
            return
        # Counts, too, where nobody is written to: that would tell who has a login.
        self.invited = now
        if not (self.user_id.share and self.user_id.active):
            return
        self.env.ref("bitpaket_billing.mail_template_invitation").send_mail(self.id)
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _get_link(self):
        """Return where the invited can go on: to the account, or to a password."""
        path = f"/my/billing/{self.account_id.id}"
        if self.user_id.login_date:
            return f"{self.get_base_url()}{path}"
        partner = self.user_id.partner_id
        return partner._get_signup_url_for_action(url=path)[partner.id]


class BitpaketAccount(models.Model):
    _inherit = "bitpaket.account"

    member_ids = fields.One2many(
        "bitpaket.account.member", "account_id", string="Other logins"
    )

    @api.model
    def _get_own_domain(self, user):
        """Return which accounts are a user's: the customer's own, and by invitation.

        :rtype: Domain
        """
        return Domain("partner_id", "child_of", user.commercial_partner_id.id) | Domain(
            "member_ids", "any", [("user_id", "=", user.id), ("active", "=", True)]
        )

    def _get_role(self, user):
        """Return what a user who may see this account may do.

        :return: of `bitpaket.account.member`'s `role`
        :rtype: str
        """
        self.ensure_one()
        roles = self.env["bitpaket.account.member"]._get_roles(user.id)
        return roles.get(self.id, "billing")

    def _is_by_invitation(self, user):
        """Return whether a user sees this account by a role of its own.

        What belongs to all accounts of the customer, such as its cards and receipts at
        FastSpring, is not part of that.
        """
        self.ensure_one()
        return self.id in self.env["bitpaket.account.member"]._get_roles(user.id)

    def _get_owner_logins(self):
        """Return the logins of the customer itself, which no invitation made."""
        self.ensure_one()
        customer = self.partner_id.commercial_partner_id
        return self.env["res.users"].search(
            [("partner_id", "child_of", customer.id), ("share", "=", True)]
        )
