from . import export, fastspring, health, portal, usage, usage_import
