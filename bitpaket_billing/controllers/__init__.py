from . import fastspring, health, portal, usage
