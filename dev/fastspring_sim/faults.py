"""Switches that make the simulator misbehave as a real service may."""

#: name: (what it does, default parameters)
KNOWN = {
    "delay": ("Webhooks are held back before they are sent.", {"seconds": 5}),
    "duplicate": ("Every webhook is sent twice.", {}),
    "reorder": ("Webhooks are sent one by one, the newest first.", {}),
    "drop": ("Webhooks are never sent; the events stay unprocessed.", {}),
    "bad_signature": ("Webhooks are signed with a wrong secret.", {}),
    "unsigned": ("Webhooks carry no signature.", {}),
    "wrong_event_amount": (
        "Webhooks name another amount than the order has.",
        {"amount": "1.00"},
    ),
    "wrong_amount": (
        "Buyers are charged another amount than the session asked.",
        {"amount": "1.00"},
    ),
    "wrong_currency": (
        "Buyers are charged in another currency than the session showed.",
        {"currency": ""},
    ),
    "session_currency": (
        "Sessions come back in another currency than the price was given in.",
        {"currency": ""},
    ),
    "rate_limit": (
        "API calls are answered 429 with Retry-After.",
        {"retry_after": 1, "path": ""},
    ),
    "throttle_404": ("API calls are answered 404 although all is well.", {"path": ""}),
    "server_error": ("API calls are answered 500 with an empty body.", {"path": ""}),
    "lost_request": (
        "The connection breaks before an API call has done anything.",
        {"path": "", "seconds": 0},
    ),
    "lost_answer": (
        "The connection breaks after an API call has done its work.",
        {"path": "", "seconds": 0},
    ),
}


class Faults:
    """The switches, kept in the store.

    :param store: the simulator's Store
    """

    def __init__(self, store):
        self._store = store

    def active(self):
        """Return the faults that are on: name to parameters."""
        return self._store.get("setting", "faults") or {}

    def set(self, values):
        """Turn faults on and off.

        :param dict values: name to False, True, a number of times, or a dict of
            parameters; the parameter `times` limits how often it strikes
        :raises ValueError: for an unknown fault or parameter
        """
        with self._store.transaction():
            active = self.active()
            for name, value in values.items():
                if name not in KNOWN:
                    raise ValueError(f"There is no fault named {name!r}.")
                parameters = _parameters(name, value)
                active.pop(name, None)
                if parameters is not None:
                    active[name] = parameters
            self._store.put("setting", "faults", active)

    def clear(self):
        """Turn every fault off."""
        self._store.put("setting", "faults", {})

    def strikes(self, name, path=""):
        """Return whether a fault strikes now; see `take`."""
        return self.take(name, path) is not None

    def take(self, name, path=""):
        """Return the fault's parameters when it strikes now, else None.

        :param str name: the fault
        :param str path: API path it is asked for; a fault with a `path` strikes
            only where that is part of it
        """
        with self._store.transaction():
            active = self.active()
            parameters = active.get(name)
            if parameters is None or parameters.get("path", "") not in path:
                return None
            if "times" in parameters:
                parameters["times"] -= 1
                if parameters["times"] <= 0:
                    del active[name]
                self._store.put("setting", "faults", active)
            return parameters


def _parameters(name, value):
    if value is None or value is False:
        return None
    defaults = KNOWN[name][1]
    if value is True:
        return dict(defaults)
    if isinstance(value, int):
        return {**defaults, "times": value} if value > 0 else None
    if not isinstance(value, dict):
        raise ValueError(f"{name} takes true, false, a number of times or an object.")
    unknown = set(value) - set(defaults) - {"times"}
    if unknown:
        raise ValueError(f"{name} has no parameter {', '.join(sorted(unknown))}.")
    times = value.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise ValueError("times is a whole number above zero.")
    return {**defaults, **value}
