"""How files get to a target, and when exports are made by themselves."""

from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config, email_normalize_all

#: Option of the server's configuration file: the folder that exports may go to.
FOLDER_OPTION = "bitpaket_export_folder"


class BitpaketExportTarget(models.Model):
    _inherit = "bitpaket.export.target"

    delivery = fields.Selection(
        [
            ("download", "By download"),
            ("mail", "By e-mail"),
            ("folder", "To a folder of the server"),
        ],
        required=True,
        default="download",
        tracking=True,
    )
    mail_to = fields.Char(
        string="E-mail to", tracking=True, help="Addresses, separated by commas."
    )
    folder = fields.Char(
        tracking=True,
        help="Below the folder for exports that the server's administrator has set.",
    )
    schedule = fields.Selection(
        [("none", "By hand"), ("monthly", "Every month")],
        required=True,
        default="none",
        tracking=True,
    )
    schedule_day = fields.Integer(
        string="On day",
        default=5,
        help="Of the month after: the first days are for what is still to be posted.",
    )

    _schedule_day_valid = models.Constraint(
        "CHECK (schedule_day BETWEEN 1 AND 28)",
        "Exports are made on a day from 1 to 28.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("delivery", "mail_to")
    def _check_mail_to(self):
        for target in self.filtered(lambda one: one.delivery == "mail"):
            parts = [part for part in (target.mail_to or "").split(",") if part.strip()]
            if not parts or len(email_normalize_all(target.mail_to)) != len(parts):
                raise ValidationError(
                    self.env._(
                        "Give the e-mail addresses that exports go to, separated by "
                        "commas."
                    )
                )

    @api.constrains("delivery", "folder")
    def _check_folder(self):
        for target in self.filtered(lambda one: one.delivery == "folder"):
            target._get_folder()

    # === BUSINESS METHODS === #

    def _get_folder(self):
        """Return the folder of this target, below the one for exports.

        :raise ValidationError: when there is none, or it is elsewhere
        :rtype: Path
        """
        self.ensure_one()
        root = config.get(FOLDER_OPTION)
        if not root:
            raise ValidationError(
                self.env._(
                    "Exports cannot go to a folder yet: the server's administrator "
                    "sets %s in the server's configuration file.",
                    FOLDER_OPTION,
                )
            )
        root = Path(root).resolve()
        folder = (root / (self.folder or "")).resolve()
        if not folder.is_relative_to(root):
            raise ValidationError(
                self.env._("The folder must be below the folder for exports.")
            )
        return folder

    def _waiting(self, until):
        """Return whether an entry before a day waits to be exported."""
        moves_sudo = self.env["account.move"].sudo()
        return bool(moves_sudo.search_count(self._waiting_domain(until), limit=1))

    def _put(self, name, content):
        """Put a file into the folder: whole or not at all, and never over another.

        :param str name: without folders
        :param bytes content: what it holds
        :raise UserError: when another file has this name, or it cannot be written
        """
        folder = self._get_folder()
        path = folder / Path(name).name
        part = folder / f".{path.name}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                if path.read_bytes() != content:
                    raise UserError(
                        self.env._("There is another file called %s.", path.name)
                    )
                return
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            raise UserError(
                self.env._(
                    "%(file)s cannot be written: %(reason)s.",
                    file=path.name,
                    reason=error.strerror,
                )
            ) from error
