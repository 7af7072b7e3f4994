from . import bitpaket_usage_key
