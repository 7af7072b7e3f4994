from odoo.addons import payment


def post_init_hook(env):
    """Set up the payment provider in every company."""
    payment.setup_provider(env, "fastspring")


def uninstall_hook(env):
    """Disable the payment provider and take our views off it."""
    payment.reset_payment_provider(env, "fastspring")
