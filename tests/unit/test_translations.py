"""Every translation is complete, and says the same with the same placeholders."""

import sys
from collections import Counter
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from dev.translations import (  # noqa: E402
    KEPT,
    PLACEHOLDER,
    merge,
    untranslated,
    words,
)

FOLDER = ROOT / "bitpaket_billing" / "i18n"
TEMPLATE = FOLDER / "bitpaket_billing.pot"
FILES = sorted(FOLDER.glob("*.po"))


def placeholders(text):
    """Count the placeholders of a text; their order may change in a translation."""
    return Counter(PLACEHOLDER.findall(text))


def margins(text):
    """Return the spaces and newlines around a text."""
    middle = text.strip()
    start, _, end = text.partition(middle)
    return start, end


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def translation(request):
    return polib.pofile(str(request.param))


def test_turkish_is_there():
    assert "tr" in {path.stem for path in FILES}


def test_texts_are_those_of_the_template(translation):
    expected = [entry.msgid for entry in polib.pofile(str(TEMPLATE))]
    assert [entry.msgid for entry in translation] == expected, "run: make pot"


def test_everything_is_translated(translation):
    assert not untranslated(translation), "translate these"
    assert not translation.fuzzy_entries() and not translation.obsolete_entries()


def test_words_that_stay_are_of_the_template(translation):
    known = {words(entry.msgid) for entry in translation}
    assert KEPT[translation.metadata["Language"]] <= known


def test_placeholders_agree(translation):
    wrong = {
        entry.msgid: entry.msgstr
        for entry in translation
        if entry.msgstr and placeholders(entry.msgid) != placeholders(entry.msgstr)
    }
    assert not wrong


def test_spaces_around_agree(translation):
    wrong = {
        entry.msgid: entry.msgstr
        for entry in translation
        if entry.msgstr and margins(entry.msgid) != margins(entry.msgstr)
    }
    assert not wrong


def test_languages_are_named(translation):
    assert translation.metadata["Language"] == Path(translation.fpath).stem
    assert translation.metadata["Plural-Forms"]


@pytest.mark.parametrize(
    ("source", "translated"),
    [
        ("%s of %s", "%s"),
        ("%(name)s is late", "%(ad)s gecikti"),
        ("%(share)s %%", "%%(share)s"),
        ("<b>Due</b>", "Vade"),
        ('<a href="/my">Back</a>', '<a href="/">Geri</a>'),
        ("{{ object.name }}", "{{ object.ad }}"),
    ],
)
def test_differing_placeholders_are_found(source, translated):
    assert placeholders(source) != placeholders(translated)


def write(path, texts):
    catalogue = polib.POFile()
    catalogue.metadata = {"POT-Creation-Date": path.name, "Language": "tr"}
    catalogue.extend(
        polib.POEntry(msgid=text, msgstr=translated) for text, translated in texts
    )
    catalogue.save(str(path))
    return catalogue


def test_missing_texts_are_found(tmp_path):
    catalogue = write(
        tmp_path / "tr.po",
        [
            ("Invoice", "Fatura"),
            ("Paid", ""),
            ("PDF", ""),
            ("<b>%(meter)s</b>, %(period)s", ""),
            ("%s (copy)", ""),
        ],
    )
    assert untranslated(catalogue) == ["Paid", "%s (copy)"]
    catalogue[0].flags = ["fuzzy"]
    assert "Invoice" in untranslated(catalogue)


def test_merge_keeps_drops_and_adds(tmp_path):
    path, template = tmp_path / "tr.po", tmp_path / "new.pot"
    write(path, [("Gone", "Gitti"), ("Invoice", "Fatura"), ("PDF", "PDF")])
    write(template, [("Invoice", ""), ("Invoices", ""), ("PDF", "")])
    assert untranslated(merge(path, template)) == ["Invoices"]
    assert untranslated(merge(path, template)) == ["Invoices"]
    merged = polib.pofile(str(path))
    assert [(entry.msgid, entry.msgstr) for entry in merged] == [
        ("Invoice", "Fatura"),
        ("Invoices", ""),
        ("PDF", ""),
    ]
    assert not merged.fuzzy_entries() and not merged.obsolete_entries()
    assert merged.metadata["POT-Creation-Date"] == "new.pot"
    assert merged.metadata["Language"] == "tr"


def test_merge_changes_nothing_when_nothing_is_new(tmp_path):
    for path in FILES:
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes())
        merge(copy, TEMPLATE)
        assert copy.read_bytes() == path.read_bytes()
