from . import bitpaket_usage_discard, bitpaket_usage_key
