"""`projects` and `keys` in the terminal, with `ADMIN_KEY` as the key."""

import json

from tests.support.administration import ADMIN_KEY
from tests.support.terminal import run, succeed


def test_a_key_is_made_listed_and_revoked(start):
    server = start(admin_key=ADMIN_KEY)
    given = {"url": server.base_url, "THREADKEEPER_API_KEY": ADMIN_KEY}
    assert "cafe" in succeed("projects", "create", "cafe", "--budget", "5000", **given)
    assert "5000" in succeed("projects", "list", **given).replace(",", "")
    options = ("--scope", "read", "--rate", "60/minute", "--origin", "https://shop.example")
    value = succeed("keys", "create", "cafe", "Kiosk", *options, **given).strip()
    # Nothing but the key is on standard output.
    assert value.startswith("tk-")
    (key,) = json.loads(succeed("keys", "list", "cafe", "--json", **given))
    assert (key["scope"], key["rate"]) == ("read", "60/minute")
    assert value not in succeed("keys", "list", "cafe", **given)
    assert "Kiosk" in succeed("keys", "list", "cafe", **given)
    replaced = json.loads(
        succeed("keys", "create", "cafe", "--replaces", key["id"], "--json", **given)
    )
    assert replaced["origins"] == ["https://shop.example"]
    assert "Kiosk" in succeed("keys", "revoke", key["id"], **given)
    table = succeed("keys", "list", "cafe", "--language", "ko", **given)
    assert ("폐기됨" in table, "사용 중" in table) == (True, True)
    assert "보관" in succeed("projects", "archive", "cafe", "--language", "ko", **given)
    assert "archived" in succeed("projects", "list", **given)


def test_it_is_said_what_is_missing(start):
    server = start(admin_key=ADMIN_KEY)
    given = {"url": server.base_url, "THREADKEEPER_API_KEY": ADMIN_KEY}
    result = run("keys", "create", "default", **given)
    assert (result.exit_code, "State what the key is for" in result.output) == (1, True)
    unmanaged = start(api_keys=["shop:key-of-the-shop-0123456789"])
    given = {"url": unmanaged.base_url, "THREADKEEPER_API_KEY": "key-of-the-shop-0123456789"}
    result = run("keys", "list", "shop", **given)
    assert (result.exit_code != 0, "has no ADMIN_KEY" in " ".join(result.output.split())) == (
        True,
        True,
    )
