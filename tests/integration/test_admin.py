"""Projects, keys and origins that are managed while the server runs, with `ADMIN_KEY`."""

import hashlib

import pytest
from openai.types.admin.organization.projects import ProjectAPIKey

from tests.support.administration import ADMIN_KEY, Admin
from tests.support.belongings import all_rows
from tests.support.callers import ORIGIN, session_of
from tests.support.operations import operations
from tests.support.rows import connected
from tests.support.talk import error_of
from tests.support.waiting import wait_until

SHOP = "key-of-the-shop-0123456789"
ADMINISTRATIVE = [each for each in operations() if each.is_administrative]


@pytest.fixture(scope="module")
def managed(start_shared):
    return start_shared(
        api_keys=[f"shop:{SHOP}", "a-nameless-key-0123456789"],
        admin_key=ADMIN_KEY,
        cors_origins=[ORIGIN],
        token_budgets={"shop": 1000, "*": 900},
    )


@pytest.fixture(scope="module")
def admin(managed, call_shared_as):
    return Admin(managed, call_shared_as)


@pytest.fixture(scope="module")
def cafe(admin):
    return admin.project("cafe")


def test_there_are_operations_to_test():
    assert len(ADMINISTRATIVE) >= 13


@pytest.mark.parametrize("operation", ADMINISTRATIVE, ids=str)
def test_a_projects_key_may_not_administrate(managed, call_as, operation, shared_database_url):
    before = all_rows(shared_database_url)
    for options in ({}, {"content": b"{", "json": None}):
        answer = operation.send(call_as(managed, SHOP).http, **options)
        assert error_of(answer, 403)["code"] == "admin_key_required"
    error_of(operation.send(call_as(managed).http), 401)
    error_of(operation.send(call_as(managed, "tk-wrong").http), 401)
    assert all_rows(shared_database_url) == before


def test_without_an_admin_key_nobody_may(start, call_as):
    closed = start(api_keys=[f"shop:{SHOP}"])
    for caller in (call_as(closed, SHOP), start()):
        error = error_of(caller.http.get("/admin/projects"), 403)
        assert error["code"] == "admin_is_off"
        assert "ADMIN_KEY" in error["message"]
    error_of(call_as(closed, ADMIN_KEY).http.get("/admin/projects"), 401)


@pytest.mark.parametrize(
    "operation", [each for each in operations() if not each.is_administrative], ids=str
)
def test_the_admin_key_opens_nothing_else(admin, operation, shared_database_url):
    public = ("welcome", "health", "ready", "retrieve_access", "create_chat_session")
    if operation.name in (*public, "retrieve_caller"):
        return
    before = all_rows(shared_database_url)
    error = error_of(operation.send(admin.http), 403)
    assert error["code"] == "admin_key_not_allowed"
    assert all_rows(shared_database_url) == before


def test_the_holder_of_the_admin_key_is_told_so(admin):
    assert admin.http.get("/me").json() == {
        "object": "caller",
        "kind": "admin",
        "project": None,
        "scope": "all",
    }


def test_a_key_is_made_shown_once_and_opens_its_project(admin, cafe, shared_database_url):
    made = admin.key("cafe", name="Web shop")
    value = made.pop("value")
    assert value.startswith("tk-")
    assert len(value) >= 40
    assert made["redacted_value"] == f"tk-…{value[-4:]}"
    assert admin.found(made) == made
    (listed,) = admin.http.get("/admin/projects/cafe/keys").json()["data"]
    assert listed == made
    caller = admin.call_as(admin.server, value)
    assert caller.http.get("/me").json() == {
        "object": "caller",
        "kind": "key",
        "project": "cafe",
        "scope": "all",
    }
    thread_id = caller.http.post("/threads").json()["id"]
    assert caller.http.get(f"/threads/{thread_id}").is_success
    error_of(admin.call_as(admin.server, SHOP).http.get(f"/threads/{thread_id}"), 404)
    stored = str(all_rows(shared_database_url))
    assert value not in stored
    assert hashlib.sha256(value.encode()).hexdigest() in stored


def test_its_fields_are_those_that_openai_has_too(admin, cafe):
    """As far as they coincide: an OpenAI key has an owner instead of limits."""
    made = admin.key("cafe")
    owner = {"type": "service_account"}
    shown = {**made, "object": "organization.project.api_key", "owner": owner}
    read = ProjectAPIKey.model_validate({**shown, "owner_project_access": "active"}, strict=True)
    for name in ("id", "name", "redacted_value", "created_at", "last_used_at"):
        assert getattr(read, name) == made[name]


def test_a_revoked_key_is_refused_at_once_by_the_same_server(admin, cafe):
    made = admin.key("cafe")
    caller = admin.caller(made)
    assert caller.http.get("/threads").is_success
    assert admin.change(made, revoked=True)["revoked_at"] > 0
    assert error_of(caller.http.get("/threads"), 401)["code"] == "invalid_api_key"
    again = admin.change(made, revoked=True, name="An old key")
    assert (again["name"], again["revoked_at"]) == ("An old key", admin.found(made)["revoked_at"])
    error_of(admin.http.post(f"/admin/keys/{made['id']}", json={"revoked": False}), 400)


def test_a_deleted_key_is_refused_and_gone(admin, cafe):
    made = admin.key("cafe")
    caller = admin.caller(made)
    assert caller.http.get("/threads").is_success
    assert admin.http.delete(f"/admin/keys/{made['id']}").json() == {
        "id": made["id"],
        "object": "project.api_key.deleted",
        "deleted": True,
    }
    error_of(caller.http.get("/threads"), 401)
    error_of(admin.http.get(f"/admin/keys/{made['id']}"), 404)
    error_of(admin.http.delete(f"/admin/keys/{made['id']}"), 404)


def test_two_keys_work_while_one_replaces_the_other(admin, cafe):
    old = admin.key("cafe", name="Kiosk", scope="chat", rate="50/minute", token_budget=70)
    thread_id = admin.caller(old).http.post("/chat", json={"message": "hi"}).json()["thread_id"]
    new = admin.key("cafe", replaces=old["id"])
    kept = ("name", "scope", "rate", "token_budget", "tokens_today", "origins")
    assert {name: new[name] for name in kept} == {name: admin.found(old)[name] for name in kept}
    assert (new["replaces"], new["value"] == old["value"]) == (old["id"], False)
    for key in (old, new):
        assert admin.caller(key).http.get(f"/threads/{thread_id}").is_success
    admin.change(old, revoked=True)
    error_of(admin.caller(old).http.get(f"/threads/{thread_id}"), 401)
    assert admin.caller(new).http.get(f"/threads/{thread_id}").is_success
    body = {"replaces": old["id"]}
    error = error_of(admin.http.post("/admin/projects/cafe/keys", json=body), 400)
    assert (error["param"], "is revoked" in error["message"]) == ("replaces", True)
    body = {"replaces": new["id"]}
    error = error_of(admin.http.post("/admin/projects/shop/keys", json=body), 400)
    assert "not one of project" in error["message"]


def test_projects_of_the_settings_are_listed_and_not_changed(admin, cafe):
    listed = {one["id"]: one for one in admin.http.get("/admin/projects").json()["data"]}
    # The project of the nameless key has no name that may be shown.
    assert {*listed} >= {"default", "shop", "cafe"}
    assert not [name for name in listed if name.startswith("key-")]
    shop = listed["shop"]
    assert (shop["source"], shop["configured_keys"], shop["token_budget"]) == ("settings", 1, 1000)
    assert (listed["cafe"]["source"], listed["cafe"]["configured_keys"]) == ("api", 0)
    for answer in (
        admin.http.post("/admin/projects/shop", json={"token_budget": 5}),
        admin.http.delete("/admin/projects/shop"),
    ):
        assert error_of(answer, 400)["code"] == "project_is_configured"
    # But it may get further keys.
    assert admin.caller(admin.key("shop")).http.get("/me").json()["project"] == "shop"


def test_an_archived_project_is_closed_and_keeps_its_data(admin):
    admin.project("bar")
    caller = admin.caller(admin.key("bar"))
    thread_id = caller.http.post("/threads").json()["id"]
    archived = admin.http.delete("/admin/projects/bar").json()
    assert (archived["status"], archived["archived_at"] > 0) == ("archived", True)
    error_of(caller.http.get("/threads"), 401)
    error = error_of(admin.http.post("/admin/projects/bar/keys", json={"name": "x"}), 400)
    assert error["code"] == "project_is_archived"
    error = error_of(admin.http.post("/admin/projects", json={"name": "bar"}), 400)
    assert error["code"] == "project_exists"
    restored = admin.http.post("/admin/projects/bar", json={"status": "active"}).json()
    assert (restored["status"], restored["archived_at"]) == ("active", None)
    assert caller.http.get(f"/threads/{thread_id}").is_success


@pytest.mark.parametrize("name", ["", "a b", "a/b", "*", "shop:x", "a" * 65, "key-" + "0" * 32])
def test_a_project_needs_a_plain_name(admin, name):
    error = error_of(admin.http.post("/admin/projects", json={"name": name}), 400)
    assert error["param"] == "name"


def test_a_project_may_have_a_korean_name(admin):
    assert admin.project("카페-1")["id"] == "카페-1"
    assert admin.http.get("/admin/projects/카페-1").is_success


def test_what_names_nothing_is_unknown(admin):
    for call in (
        admin.http.get("/admin/projects/none"),
        admin.http.post("/admin/projects/none", json={}),
        admin.http.delete("/admin/projects/none"),
        admin.http.get("/admin/projects/none/keys"),
        admin.http.post("/admin/projects/none/keys", json={"name": "x"}),
        admin.http.get("/admin/keys/key_none"),
        admin.http.post("/admin/keys/key_none", json={}),
        admin.http.delete("/admin/origins/origin_none"),
    ):
        error_of(call, 404)


@pytest.mark.parametrize(
    "limit",
    [
        {"rate": "often"},
        {"rate": "0/minute"},
        {"origins": ["*"]},
        {"origins": ["null"]},
        {"origins": ["https://a.example/path"]},
        {"origins": ["https://user@a.example"]},
        {"origins": ["a.example"]},
        {"origins": ["https://a.example"] * 101},
        {"scope": "write"},
        {"token_budget": 0},
        {"name": None},
        {"name": ""},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_wrong_limit_is_explained(admin, cafe, limit):
    body = {"name": "x", **limit}
    error = error_of(admin.http.post("/admin/projects/cafe/keys", json=body), 400)
    assert error["param"].partition("[")[0].partition(".")[0] in limit


def test_origins_are_written_as_browsers_send_them(admin, cafe):
    given = ["HTTPS://Shop.Example/", "https://shop.example:443", "http://[::1]:3000", "app://main"]
    made = admin.key("cafe", origins=given)
    assert made["origins"] == ["https://shop.example", "http://[::1]:3000", "app://main"]
    assert admin.change(made, origins=None)["origins"] == []


def test_an_origin_is_added_and_removed_while_the_server_runs(start, call_as):
    server = start(
        public_chat=True, cors_origins=[ORIGIN], api_keys=[f"shop:{SHOP}"], admin_key=ADMIN_KEY
    )
    admin, site = Admin(server, call_as), "https://new.example"
    page = call_as(server, origin=site)
    asked = {"access-control-request-method": "POST"}
    assert page.http.options("/chat", headers=asked).status_code == 400
    error_of(page.http.post("/chat/sessions"), 403)
    added = admin.http.post("/admin/origins", json={"origin": site}).json()
    assert admin.http.post("/admin/origins", json={"origin": site}).json() == added
    answer = page.http.options("/chat", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == site
    token = session_of(page, origin=site)
    reply = call_as(server, token, origin=site).http.post("/chat", json={"message": "hi"})
    assert reply.is_success
    assert reply.headers["access-control-allow-origin"] == site
    listed = admin.http.get("/admin/origins").json()["data"]
    assert [(one["origin"], one["source"]) for one in listed] == [
        (ORIGIN, "settings"),
        (site, "api"),
    ]
    error = error_of(admin.http.delete(f"/admin/origins/{ORIGIN}"), 400)
    assert error["code"] == "origin_is_configured"
    assert admin.http.post("/admin/origins", json={"origin": ORIGIN}).json() == listed[0]
    assert admin.http.delete(f"/admin/origins/{added['id']}").json()["deleted"]
    assert page.http.options("/chat", headers=asked).status_code == 400
    error_of(page.http.post("/chat/sessions"), 403)


def test_origins_may_be_added_where_the_settings_have_none(start, call_as):
    server = start(admin_key=ADMIN_KEY, public_chat=True)
    admin, site = Admin(server, call_as), "https://new.example"
    page = call_as(server, origin=site)
    answer = page.http.get("/access")
    assert "access-control-allow-origin" not in answer.headers
    admin.http.post("/admin/origins", json={"origin": site})
    assert page.http.get("/access").headers["access-control-allow-origin"] == site
    assert page.http.post("/chat/sessions").is_success


def test_last_use_is_noted(admin, cafe, shared_database_url):
    made = admin.key("cafe")
    assert admin.found(made)["last_used_at"] is None
    caller = admin.caller(made)
    for _ in range(3):
        assert caller.http.get("/threads").is_success
    wait_until(lambda: admin.found(made)["last_used_at"] is not None)
    with connected(shared_database_url) as connection:
        noted = connection.exec_driver_sql(
            f"SELECT last_used_at FROM access_keys WHERE id = '{made['id']}'"
        ).scalar_one()
    assert admin.found(made)["last_used_at"] == noted


def test_keys_are_listed_in_pages(admin):
    admin.project("pages")
    made = [admin.key("pages", name=str(number))["id"] for number in range(3)]
    first = admin.http.get("/admin/projects/pages/keys", params={"limit": 2}).json()
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (made[:0:-1], True)
    rest = admin.http.get("/admin/projects/pages/keys", params={"after": made[1]}).json()
    assert [one["id"] for one in rest["data"]] == made[:1]
