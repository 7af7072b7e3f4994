"""`make pot`: writes the list of translatable texts, i18n/bitpaket_billing.pot."""

from . import database, environment
from .console import call, step
from .odoo_server import OdooServer
from .postgres import Postgres


def export_template():
    """Generate the .pot file from a database with the addon alone."""
    environment.ensure()
    postgres = Postgres()
    with postgres.running():
        server = OdooServer(postgres, "translations", 0)
        with step("Writing the addon's texts to its .pot file"):
            database.create(postgres, server.database, database.template(postgres))
            server.install(database.ADDON)
            call(
                server.command("i18n", "export", database.ADDON),
                problem="The texts could not be exported",
                env=server.environment,
            )
            database.drop(postgres, server.database)
            server.config.unlink()
