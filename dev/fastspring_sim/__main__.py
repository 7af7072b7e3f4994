"""`python -m dev.fastspring_sim`: run the simulator by itself."""

import argparse
import json
import signal
import sys

from .simulator import Simulator


def main():
    """Serve until the terminal or the operating system says stop."""
    options = _options()
    settings = {
        name: value
        for name, value in vars(options).items()
        if value is not None and name not in ("port", "state")
    }
    simulator = Simulator(
        port=options.port, state=options.state, quiet=False, **settings
    )

    def stop(*_signal):
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    simulator.start()
    places = {
        "url": simulator.url,
        "storefront": simulator.storefront_url,
        "popup": simulator.popup_storefront(),
        "library": simulator.library_url,
        "panel": f"{simulator.url}/_sim/",
    }
    print(json.dumps(places), flush=True)
    try:
        simulator.wait()
    except KeyboardInterrupt:
        pass
    finally:
        simulator.stop()


def _options():
    parser = argparse.ArgumentParser(
        prog="python -m dev.fastspring_sim",
        description="A local FastSpring. Prints its addresses as one line of JSON.",
    )
    parser.add_argument("--port", type=int, default=8070, help="0 picks a free one")
    parser.add_argument(
        "--state", default=":memory:", help="SQLite file that keeps the state"
    )
    for name, text in (
        ("store", "name of the store"),
        ("seller", "what buyers read as the seller's name"),
        ("username", "API user name"),
        ("password", "API password"),
        ("webhook-url", "where events are sent"),
        ("webhook-secret", "what they are signed with"),
        ("home-url", "where the checkout's link back leads"),
        ("public-url", "address under which buyers reach the simulator"),
        ("default-currency", "currency where nothing else decides"),
        ("payout-currency", "currency in which the seller is paid"),
        ("tax-mode", "net (tax on top) or gross (tax inside)"),
        ("tax-rates", "for example: DE 19, AT 20"),
    ):
        parser.add_argument(f"--{name}", help=text)
    parser.add_argument(
        "--retry-seconds", type=float, help="between retries, instead of hours"
    )
    for name, text in (
        ("webhook-expansion", "objects in webhooks instead of ids"),
        ("currency-by-country", "the buyer's country decides the currency"),
        ("live", "sessions may be live"),
    ):
        parser.add_argument(
            f"--{name}", action=argparse.BooleanOptionalAction, default=None, help=text
        )
    return parser.parse_args()


if __name__ == "__main__":
    main()
