"""What helps to run BitPaket Billing on a machine of its own. Not part of the addon."""

import sys

# Here, because older Pythons cannot even read the other files.
if not (3, 10) <= sys.version_info[:2] <= (3, 13):
    sys.stderr.write("Odoo 19 runs on Python 3.10 to 3.13, and this is another:\n")
    sys.stderr.write(sys.version + "\nSay for example: make PYTHON=python3.11 run\n")
    sys.exit(1)
