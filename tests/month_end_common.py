"""What the tests of the month-end check list share."""


class MonthEndMixin:
    """Assertions about lines of the check list."""

    def check(self, name, month):
        """Return the line whose name begins so, of a new check."""
        month_end = self.env["bitpaket.month.end"].create({"month": month})
        month_end.action_check()
        line = month_end.line_ids.filtered(lambda one: one.name.startswith(name))
        self.assertEqual(len(line), 1, month_end.line_ids.mapped("name"))
        return line

    @staticmethod
    def words(text):
        """Return a text as it reads: amounts have spaces that do not break."""
        return text.replace("\N{NO-BREAK SPACE}", " ")

    def assertFine(self, line, found, expected):
        """Check that both sides of a line say this, and agree."""
        self.assertEqual(self.words(line.found), found)
        self.assertEqual(self.words(line.expected), expected)
        self.assertTrue(line.fine)

    def assertOpens(self, line, records, found, expected=None):
        """Check that a line is not fine, and opens these records and no others."""
        self.assertEqual(self.words(line.found), found)
        if expected:
            self.assertEqual(self.words(line.expected), expected)
        self.assertFalse(line.fine)
        action = line.action_open()
        model = self.env[action["res_model"]]
        self.assertEqual(model.search(action["domain"]), records)
        self.assertEqual(
            set(model.get_views(action["views"])["views"]), {"list", "form"}
        )
