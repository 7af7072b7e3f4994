"""Sessions of users, for what asks Odoo as a browser does."""

import contextlib
import http.cookiejar
import json
import urllib.request


def log_in(url, database, login, password):
    """Return the session of a user.

    :rtype: str
    """
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    parameters = {"db": database, "login": login, "password": password}
    request = urllib.request.Request(
        f"{url}/web/session/authenticate",
        data=json.dumps({"params": parameters}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with contextlib.closing(opener.open(request)) as answer:
        if not json.load(answer).get("result", {}).get("uid"):
            raise PermissionError(f"{login} cannot log in")
    return next(cookie.value for cookie in jar if cookie.name == "session_id")
