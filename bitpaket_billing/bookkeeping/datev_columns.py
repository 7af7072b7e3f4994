"""The columns of DATEV's files, in their order, and which of them are quoted.

Names and order are those of format version 13 of bookings, 5 of debtors and creditors,
and 3 of account labels.
"""


def _pairs(kind, arrow, count):
    """Return the names of numbered pairs of kind and content."""
    return [
        name
        for number in range(1, count + 1)
        for name in (f"{kind} - Art {number}", f"{kind}{arrow}Inhalt {number}")
    ]


def _bank(number):
    return [
        f"Bankleitzahl {number}",
        f"Bankbezeichnung {number}",
        f"Bank-Kontonummer {number}",
        f"Länderkennzeichen {number}",
        f"IBAN-Nr. {number}",
        "Leerfeld",
        f"SWIFT-Code {number}",
        f"Abw. Kontoinhaber {number}",
        f"Kennz. Hauptbankverb. {number}",
        f"Bankverb {number} Gültig von",
        f"Bankverb {number} Gültig bis",
    ]


def _banks(first, last):
    return [name for number in range(first, last + 1) for name in _bank(number)]


def _split(names):
    return [name.strip() for name in names.replace("\n", " ").split(";")]


def _numbered(name, last):
    return [f"{name} {number}" for number in range(1, last + 1)]


BOOKING = (
    *_split(
        """Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;
        Basis-Umsatz;WKZ Basis-Umsatz;Konto;Gegenkonto (ohne BU-Schlüssel);
        BU-Schlüssel;Belegdatum;Belegfeld 1;Belegfeld 2;Skonto;Buchungstext;
        Postensperre;Diverse Adressnummer;Geschäftspartnerbank;Sachverhalt;Zinssperre;
        Beleglink"""
    ),
    *_pairs("Beleginfo", " - ", 8),
    *_split(
        """KOST1 - Kostenstelle;KOST2 - Kostenstelle;Kost-Menge;
        EU-Land u. UStID (Bestimmung);EU-Steuersatz (Bestimmung);
        Abw. Versteuerungsart;Sachverhalt L+L;Funktionsergänzung L+L;
        BU 49 Hauptfunktionstyp;BU 49 Hauptfunktionsnummer;BU 49 Funktionsergänzung"""
    ),
    *_pairs("Zusatzinformation", "- ", 20),
    *_split(
        """Stück;Gewicht;Zahlweise;Forderungsart;Veranlagungsjahr;
        Zugeordnete Fälligkeit;Skontotyp;Auftragsnummer;Buchungstyp;
        USt-Schlüssel (Anzahlungen);EU-Land (Anzahlungen);
        Sachverhalt L+L (Anzahlungen);EU-Steuersatz (Anzahlungen);
        Erlöskonto (Anzahlungen);Herkunft-Kz;Buchungs GUID;KOST-Datum;
        SEPA-Mandatsreferenz;Skontosperre;Gesellschaftername;Beteiligtennummer;
        Identifikationsnummer;Zeichnernummer;Postensperre bis;
        Bezeichnung SoBil-Sachverhalt;Kennzeichen SoBil-Buchung;Festschreibung;
        Leistungsdatum;Datum Zuord. Steuerperiode;Fälligkeit;Generalumkehr (GU);
        Steuersatz;Land;Abrechnungsreferenz;BVV-Position;
        EU-Land u. UStID (Ursprung);EU-Steuersatz (Ursprung);Abw. Skontokonto"""
    ),
)

PARTNER = (
    *_split(
        """Konto;Name (Adressattyp Unternehmen);Unternehmensgegenstand;
        Name (Adressattyp natürl. Person);Vorname (Adressattyp natürl. Person);
        Name (Adressattyp keine Angabe);Adressattyp;Kurzbezeichnung;EU-Land;EU-UStID;
        Anrede;Titel/Akad. Grad;Adelstitel;Namensvorsatz;Adressart;Straße;Postfach;
        Postleitzahl;Ort;Land;Versandzusatz;Adresszusatz;Abweichende Anrede;
        Abw. Zustellbezeichnung 1;Abw. Zustellbezeichnung 2;
        Kennz. Korrespondenzadresse;Adresse Gültig von;Adresse Gültig bis;Telefon;
        Bemerkung (Telefon);Telefon GL;Bemerkung (Telefon GL);E-Mail;
        Bemerkung (E-Mail);Internet;Bemerkung (Internet);Fax;Bemerkung (Fax);
        Sonstige;Bemerkung (Sonstige)"""
    ),
    *_banks(1, 5),
    *_split(
        """Leerfeld;Briefanrede;Grußformel;Kunden-/Lief.-Nr.;Steuernummer;Sprache;
        Ansprechpartner;Vertreter;Sachbearbeiter;Diverse-Konto;Ausgabeziel;
        Währungssteuerung;Kreditlimit (Debitor);Zahlungsbedingung;
        Fälligkeit in Tagen (Debitor);Skonto in Prozent (Debitor);
        Kreditoren-Ziel 1 Tg.;Kreditoren-Skonto 1 %;Kreditoren-Ziel 2 Tg.;
        Kreditoren-Skonto 2 %;Kreditoren-Ziel 3 Brutto Tg.;Kreditoren-Ziel 4 Tg.;
        Kreditoren-Skonto 4 %;Kreditoren-Ziel 5 Tg.;Kreditoren-Skonto 5 %;Mahnung;
        Kontoauszug;Mahntext 1;Mahntext 2;Mahntext 3;Kontoauszugstext;
        Mahnlimit Betrag;Mahnlimit %;Zinsberechnung;Mahnzinssatz 1;Mahnzinssatz 2;
        Mahnzinssatz 3;Lastschrift;Leerfeld;Mandantenbank;Zahlungsträger"""
    ),
    *_numbered("Indiv. Feld", 15),
    *(
        f"{name} (Rechnungsadresse)"
        for name in _split(
            """Abweichende Anrede;Adressart;Straße;Postfach;Postleitzahl;Ort;Land;
            Versandzusatz;Adresszusatz;Abw. Zustellbezeichnung 1;
            Abw. Zustellbezeichnung 2;Adresse Gültig von;Adresse Gültig bis"""
        )
    ),
    *_banks(6, 10),
    *_split("Nummer Fremdsystem;Insolvent"),
    *_numbered("SEPA-Mandatsreferenz", 10),
    *_split(
        """Verknüpftes OPOS-Konto;Mahnsperre bis;Lastschriftsperre bis;
        Zahlungssperre bis;Gebührenberechnung;Mahngebühr 1;Mahngebühr 2;Mahngebühr 3;
        Pauschalenberechnung;Verzugspauschale 1;Verzugspauschale 2;Verzugspauschale 3;
        Alternativer Suchname;Status;
        Anschrift manuell geändert (Korrespondenzadresse);
        Anschrift individuell (Korrespondenzadresse);
        Anschrift manuell geändert (Rechnungsadresse);
        Anschrift individuell (Rechnungsadresse);Fristberechnung bei Debitor;
        Mahnfrist 1;Mahnfrist 2;Mahnfrist 3;Letzte Frist"""
    ),
)

ACCOUNT = ("Konto", "Kontobeschriftung", "SprachId", "Kontenbeschriftung lang")


def _positions(*ranges):
    return frozenset(
        position for start, end in ranges for position in range(start, end)
    )


# Columns of numbers and dates, counted from 1. They are not quoted; all others are.
_BOOKING_BARE = _positions(
    *((column, column + 1) for column in (1, 4, 5, 7, 8, 10, 13, 15, 39, 41)),
    (17, 20),
    (43, 48),
    (88, 91),
    (92, 95),
    (97, 98),
    (99, 102),
    *((column, column + 1) for column in (104, 106, 108, 111, 119, 122)),
    (113, 118),
    (124, 126),
)
_PARTNER_BARE = _positions(
    (1, 2),
    (26, 29),
    *((column, column + 2) for column in range(50, 95, 11)),
    (105, 107),
    (108, 133),
    (135, 136),
    *((column, column + 2) for column in range(174, 219, 11)),
    (221, 222),
    (232, 244),
    (245, 247),
    (248, 249),
    (250, 255),
)


def _blank(names, bare):
    return tuple("" if column in bare else '""' for column in range(1, len(names) + 1))


#: A row of nothing: `""` where a text belongs.
BLANK_BOOKING = _blank(BOOKING, _BOOKING_BARE)
BLANK_PARTNER = _blank(PARTNER, _PARTNER_BARE)
