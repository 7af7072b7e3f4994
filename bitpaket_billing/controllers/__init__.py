from . import fastspring, health, portal, usage, usage_import
