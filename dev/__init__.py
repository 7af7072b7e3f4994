"""What helps to run BitPaket Billing on a machine of its own. Not part of the addon."""
