"""`make pot`: writes the list of translatable texts, and fits the translations to it.

The list is i18n/bitpaket_billing.pot; each translation is a .po file beside it.
"""

import re

from . import database, environment
from .console import call, say, step
from .odoo_server import OdooServer
from .paths import ROOT
from .postgres import Postgres

FOLDER = ROOT / database.ADDON / "i18n"

#: %s and %(name)s, {name} and {{ expression }}, and tags with their attributes.
PLACEHOLDER = re.compile(
    r"%(?:\(\w+\))?[-+#0]*\d*(?:\.\d+)?[%a-zA-Z]|\{\{.*?\}\}|\{\w*\}|<[^<>]+>", re.S
)

#: Words that a language keeps. Their translation is empty, as Odoo exports it.
KEPT = {
    "tr": {
        "1234,56",
        "1234.56",
        "API",
        "ARR",
        "ASCII",
        "CSV",
        "Content-Type",
        "DATEV",
        "FastSpring",
        "GiB",
        "ID",
        "ISO 8859-1",
        "ISO 8859-15",
        "ISO 8859-9",
        "JSON",
        "Logo",
        "MRR",
        "PDF",
        "Plan",
        "SHA-256",
        "SKR03",
        "SKR04",
        "Sessions API",
        "UTC",
        "UTF-8",
        "Webhook",
        "automatic-payment",
        "http://127.0.0.1:8070",
        "http://127.0.0.1:8070/mystore",
        "invoice-payment",
        "mystore",
        "web-invoices",
    },
}


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
    # Runs in the virtual environment, which has polib.
    merge = [server.python, "-c", "from dev import translations as t; t.merge_all()"]
    say(call(merge, problem="The translations could not be merged", cwd=ROOT).strip())


def merge_all(folder=FOLDER):
    """Bring every .po file up to the .pot file, and print what is left to translate."""
    for path in sorted(folder.glob("*.po")):
        missing = untranslated(merge(path, folder / f"{database.ADDON}.pot"))
        print(f"{path.name}: {len(missing)} texts to translate")
        for text in missing:
            print(f"  {text!r}")


def merge(path, template):
    """Give a translation the texts of the template, in its order.

    Translations stay, texts that are gone are dropped, and new ones are left empty:
    a guess from a similar text is worse than none in software that bills.

    :param Path path: .po file, which is rewritten
    :param Path template: .pot file
    :return: the new translation
    :rtype: polib.POFile
    """
    import polib

    old, new = polib.pofile(str(path)), polib.pofile(str(template))
    old.merge(new)
    kept = {entry.msgid_with_context: entry for entry in old}
    merged = polib.POFile()
    merged.header = old.header
    merged.metadata = old.metadata
    merged.metadata["POT-Creation-Date"] = new.metadata["POT-Creation-Date"]
    for template_entry in new:
        entry = kept[template_entry.msgid_with_context]
        if entry.msgstr == entry.msgid:
            entry.msgstr = ""
        merged.append(entry)
    merged.save(str(path))
    return merged


def untranslated(catalogue):
    """Return the texts that lack a translation, or have one that is only a guess.

    :param polib.POFile catalogue: translation
    :rtype: list[str]
    """
    kept = KEPT.get(catalogue.metadata["Language"], ())
    return [
        entry.msgid
        for entry in catalogue
        if not entry.translated()
        and (entry.fuzzy or words(entry.msgid) not in ("", *kept))
    ]


def words(text):
    """Return what of a text is to be translated: nothing of "%(meter)s, %(period)s"."""
    return re.sub(r"^\W+|\W+$", "", PLACEHOLDER.sub(" ", text))
