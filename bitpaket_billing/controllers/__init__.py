from . import fastspring, portal, usage, usage_import
