"""Drafts of assistants, and the versions that they were."""

import pytest

from app.services.assistant_versions import KEPT_VERSIONS
from tests.support.administration import ADMIN_KEY, Admin
from tests.support.assistants_files import written
from tests.support.stores import uploaded
from tests.support.talk import error_of

KEYS = {name: f"key-of-the-{name}-123456" for name in ("shop", "cafe")}
CONTENT = [
    *("name", "description", "model", "instructions", "tools", "top_p", "temperature"),
    *("reasoning_effort", "tool_resources", "metadata", "response_format"),
]
DRAFT = {
    "model": "gpt-4o",
    "name": "Baker",
    "instructions": "Bake.",
    "tools": [{"type": "code_interpreter"}],
    "temperature": 0.5,
    "metadata": {"greeting": "Hello 안녕", "color": "#aa3300"},
}


@pytest.fixture
def path(http) -> str:
    """The path of an assistant."""
    made = http.post("/assistants", json={"model": "m", "name": "Before", "top_p": 0.5}).json()
    return f"/assistants/{made['id']}"


def drafted(http, path, **fields):
    answer = http.put(f"{path}/draft", json={"model": "m", **fields})
    return answer.raise_for_status().json()


def content(found):
    return {name: found[name] for name in CONTENT}


def numbers(http, path, **query):
    return [one["number"] for one in http.get(f"{path}/versions", params=query).json()["data"]]


def test_without_a_draft_it_is_what_is_published(http, path):
    draft = http.get(f"{path}/draft").json()
    assert content(draft) == content(http.get(path).json())
    about = {name: draft[name] for name in ("revision", "base_version", "published_version")}
    assert about == {"revision": 0, "base_version": 1, "published_version": 1}
    assert (draft["configured"], draft["updated_at"]) == (False, None)


def test_a_draft_changes_nothing_until_it_is_published(http, path):
    before = http.get(path).json()
    draft = drafted(http, path, **DRAFT)
    assert {name: draft[name] for name in DRAFT} == DRAFT
    assert (draft["revision"], draft["top_p"], draft["updated_by"]) == (1, 1.0, None)
    assert http.get(f"{path}/draft").json() == draft
    assert http.get(path).json() == before
    published = http.post(f"{path}/publish").json()
    assert content(published) == content(draft)
    assert (published["id"], published["created_at"]) == (before["id"], before["created_at"])
    assert http.get(path).json() == published
    after = http.get(f"{path}/draft").json()
    assert (after["revision"], after["published_version"]) == (0, 2)
    assert error_of(http.post(f"{path}/publish"), 404)["code"] == "draft_not_found"


def test_a_draft_is_written_as_a_whole(http, path):
    drafted(http, path, **DRAFT)
    draft = drafted(http, path, name="Other")
    assert (draft["revision"], draft["instructions"], draft["metadata"]) == (2, None, {})


def test_it_is_discarded(http, path):
    drafted(http, path, name="Draft")
    assert http.delete(f"{path}/draft").json()["deleted"] is True
    assert http.delete(f"{path}/draft").json()["deleted"] is False
    assert http.get(f"{path}/draft").json()["name"] == "Before"


def test_two_editors_of_a_draft_notice_each_other(http, path):
    mine = drafted(http, path, name="Mine", revision=0)
    error = error_of(http.put(f"{path}/draft", json={"model": "m", "revision": 0}), 409)
    assert error["code"] == "draft_changed"
    theirs = drafted(http, path, name="Theirs", revision=mine["revision"])
    refused = http.post(f"{path}/publish", json={"revision": mine["revision"]})
    assert error_of(refused, 409)["code"] == "draft_changed"
    assert refused.headers["x-should-retry"] == "false"
    assert http.get(path).json()["name"] == "Before"
    assert http.get(f"{path}/draft").json() == theirs
    # Without a revision it is overwritten.
    assert drafted(http, path, name="Mine")["revision"] == 3
    assert http.post(f"{path}/publish", json={"revision": 3}).json()["name"] == "Mine"


def test_a_draft_does_not_undo_what_was_published_meanwhile(http, path):
    drafted(http, path, name="Draft")
    http.post(path, json={"description": "By a program"})
    error = error_of(http.post(f"{path}/publish"), 409)
    assert error["code"] == "assistant_changed"
    assert "version 2" in error["message"] and "version 1" in error["message"]
    draft = http.get(f"{path}/draft").json()
    assert (draft["base_version"], draft["published_version"]) == (1, 2)
    published = http.post(f"{path}/publish", json={"overwrite": True}).json()
    assert (published["name"], published["description"]) == ("Draft", None)
    assert http.get(f"{path}/versions/2").json()["description"] == "By a program"


def test_documents_that_were_added_meanwhile_stay(http, path):
    drafted(http, path, name="Draft")
    store = http.post("/vector_stores", json={}).json()["id"]
    search = {
        "tools": [{"type": "file_search"}],
        "tool_resources": {"file_search": {"vector_store_ids": [store]}},
    }
    http.post(path, json=search)
    published = http.post(f"{path}/publish", json={"overwrite": True}).json()
    assert published["name"] == "Draft"
    assert published["tool_resources"]["file_search"]["vector_store_ids"] == [store]
    assert [tool["type"] for tool in published["tools"]] == ["file_search"]


def test_a_draft_that_removes_a_tool_removes_it(http, path):
    http.post(path, json={"tools": [{"type": "file_search"}]})
    drafted(http, path, name="Draft", tools=[])
    http.post(path, json={"description": "By a program"})
    published = http.post(f"{path}/publish", json={"overwrite": True}).json()
    assert published["tools"] == []


def test_a_draft_of_an_older_version_says_so(http, path):
    http.post(path, json={"name": "Second"})
    draft = drafted(http, path, name="Draft", base_version=1)
    assert (draft["base_version"], draft["published_version"]) == (1, 2)
    assert error_of(http.post(f"{path}/publish"), 409)["code"] == "assistant_changed"
    http.delete(f"{path}/draft")
    refused = http.put(f"{path}/draft", json={"model": "m", "base_version": 7})
    assert error_of(refused)["param"] == "base_version"


def test_every_change_is_a_version(http, path):
    first = http.get(f"{path}/versions").json()["data"]
    assert [(one["number"], one["cause"], one["name"]) for one in first] == [
        (1, "created", "Before")
    ]
    http.post(path, json={"name": "Changed"})
    # What changes nothing is none.
    http.post(path, json={"name": "Changed"})
    drafted(http, path, name="Draft")
    http.post(f"{path}/publish")
    listed = http.get(f"{path}/versions").json()["data"]
    assert [(one["number"], one["cause"], one["name"]) for one in listed] == [
        (3, "published", "Draft"),
        (2, "updated", "Changed"),
        (1, "created", "Before"),
    ]
    assert listed[2]["id"] == first[0]["id"]
    version = http.get(f"{path}/versions/1").json()
    assert http.get(f"{path}/versions/{version['id']}").json() == version
    assert (version["name"], version["top_p"], version["cause"]) == ("Before", 0.5, "created")
    assert content(http.get(f"{path}/versions/3").json()) == content(http.get(path).json())


def test_versions_are_listed_page_by_page(http, path):
    for number in range(2, 8):
        http.post(path, json={"name": f"Version {number}"})
    first = http.get(f"{path}/versions", params={"limit": 3}).json()
    assert first["has_more"] and [one["number"] for one in first["data"]] == [7, 6, 5]
    assert numbers(http, path, limit=10, after=first["last_id"]) == [4, 3, 2, 1]
    assert numbers(http, path, order="asc", limit=2) == [1, 2]


def test_a_version_is_restored_as_a_new_one(http, path):
    before = http.get(path).json()
    http.post(path, json={"name": "Worse", "instructions": "Shout."})
    drafted(http, path, name="Draft")
    restored = http.post(f"{path}/versions/1/restore").json()
    assert restored == before
    assert numbers(http, path) == [3, 2, 1]
    assert http.get(f"{path}/versions/3").json()["cause"] == "restored"
    # The draft stays, and is known to be older.
    draft = http.get(f"{path}/draft").json()
    assert (draft["name"], draft["base_version"], draft["published_version"]) == ("Draft", 2, 3)


@pytest.mark.parametrize("number", [0, 2, 3, 10**12, "asstv_none", "one"])
def test_what_was_never_a_version_is_not_found(http, path, number):
    for answer in (
        http.get(f"{path}/versions/{number}"),
        http.post(f"{path}/versions/{number}/restore"),
    ):
        error_of(answer, 404)


def test_the_newest_hundred_versions_are_kept(http, path):
    for number in range(2, KEPT_VERSIONS + 4):
        http.post(path, json={"metadata": {"number": str(number)}})
    last = KEPT_VERSIONS + 3
    assert numbers(http, path, limit=1) == [last]
    assert numbers(http, path, limit=1, order="asc") == [last - KEPT_VERSIONS + 1]
    error_of(http.get(f"{path}/versions/3"), 404)
    assert http.get(f"{path}/versions/4").json()["metadata"] == {"number": "4"}


def test_a_deleted_assistant_has_neither(http, path):
    drafted(http, path, name="Draft")
    http.post(path, json={"name": "Changed"})
    http.delete(path).raise_for_status()
    for answer in (
        http.get(f"{path}/draft"),
        http.put(f"{path}/draft", json={"model": "m"}),
        http.delete(f"{path}/draft"),
        http.post(f"{path}/publish"),
        http.get(f"{path}/versions"),
        http.get(f"{path}/versions/1"),
        http.post(f"{path}/versions/1/restore"),
    ):
        error_of(answer, 404)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": ""}, "model"),
        ({"name": "x" * 257}, "name"),
        ({"temperature": 3}, "temperature"),
        ({"tools": [{"type": "none"}]}, "tools[0].type"),
        ({"metadata": {str(key): "" for key in range(17)}}, "metadata"),
        ({"revision": -1}, "revision"),
        ({"other": 1}, "other"),
    ],
)
def test_a_draft_is_checked_as_an_assistant_is(http, path, fields, param):
    refused = http.put(f"{path}/draft", json={"model": "m", **fields})
    assert error_of(refused)["param"] == param
    assert http.get(f"{path}/draft").json()["revision"] == 0


def test_files_that_are_gone_are_named_when_a_version_is_restored(http, client, path):
    file_id = uploaded(client, "a,b")
    resources = {"code_interpreter": {"file_ids": [file_id]}}
    http.post(path, json={"tool_resources": resources}).raise_for_status()
    http.post(path, json={"tool_resources": {}}).raise_for_status()
    http.delete(f"/files/{file_id}").raise_for_status()
    assert file_id in error_of(http.post(f"{path}/versions/2/restore"), 404)["message"]
    assert http.get(path).json()["tool_resources"] == {}


def test_concurrent_publications_publish_once(http, path, together):
    drafted(http, path, name="Draft")
    answers = together(lambda _: http.post(f"{path}/publish", json={"revision": 1}), 6)
    assert sorted(answer.status_code for answer in answers) == [200, *[404] * 5]
    assert numbers(http, path) == [2, 1]


def test_concurrent_changes_are_versions_one_after_the_other(http, path, together):
    together(lambda number: http.post(path, json={"name": f"Name {number}"}), 6)
    assert numbers(http, path) == [7, 6, 5, 4, 3, 2, 1]
    newest = http.get(f"{path}/versions/7").json()
    assert content(newest) == content(http.get(path).json())


def test_concurrent_first_drafts_of_two_editors(http, path, together):
    def write(number):
        body = {"model": "m", "name": f"Editor {number}", "revision": 0}
        return http.put(f"{path}/draft", json=body)

    assert sorted(answer.status_code for answer in together(write, 4)) == [200, 409, 409, 409]


def test_a_version_names_the_key_that_made_it(start, call_as):
    admin = Admin(start(admin_key=ADMIN_KEY), call_as)
    admin.project("cafe")
    key = admin.key("cafe")
    http = admin.caller(key).http
    path = f"/assistants/{http.post('/assistants', json={'model': 'm'}).json()['id']}"
    assert drafted(http, path, name="Draft")["updated_by"] == key["id"]
    http.post(f"{path}/publish")
    rotated = admin.caller(admin.key("cafe", replaces=key["id"])).http
    rotated.post(path, json={"name": "By a program"})
    versions = http.get(f"{path}/versions").json()["data"]
    assert [one["created_by"] for one in versions] == [key["id"], key["id"], None]


def test_a_right_answer_that_gives_the_assistant_a_store_is_a_version(http, path):
    answer = {"question": "When are you open?", "answer": "From nine to six."}
    assert http.post(f"{path}/answers", json=answer).is_success
    newest, first = http.get(f"{path}/versions").json()["data"]
    assert (newest["number"], newest["cause"], first["number"]) == (2, "updated", 1)
    now = http.get(f"{path}/versions/2").json()
    assert now["tool_resources"] == http.get(path).json()["tool_resources"]
    http.post(f"{path}/answers", json=answer | {"question": "And on Sundays?"})
    assert len(http.get(f"{path}/versions").json()["data"]) == 2


def test_projects_see_nothing_of_each_other(start, call_as):
    server = start(api_keys=[f"{name}:{key}" for name, key in KEYS.items()])
    shop, cafe = (call_as(server, key).http for key in KEYS.values())
    made = shop.post("/assistants", json={"model": "m", "name": "Secret"}).json()
    path = f"/assistants/{made['id']}"
    drafted(shop, path, name="Draft")
    shop.post(path, json={"name": "Changed"})
    for answer in (
        cafe.get(f"{path}/draft"),
        cafe.put(f"{path}/draft", json={"model": "m"}),
        cafe.delete(f"{path}/draft"),
        cafe.post(f"{path}/publish", json={"overwrite": True}),
        cafe.get(f"{path}/versions"),
        cafe.get(f"{path}/versions/1"),
        cafe.post(f"{path}/versions/1/restore"),
    ):
        assert "Secret" not in answer.text and "Draft" not in answer.text
        error_of(answer, 404)
    assert shop.get(f"{path}/draft").json()["name"] == "Draft"
    assert shop.get(path).json()["name"] == "Changed"
    assert cafe.get("/assistants", params={"search": "changed"}).json()["data"] == []


def test_a_configured_assistant_has_no_draft_but_can_be_read(start, tmp_path):
    file = written(tmp_path, "assistants:\n  - id: asst_one\n    name: One\n")
    http = start(assistants_file=file).http
    draft = http.get("/assistants/asst_one/draft").json()
    assert (draft["configured"], draft["name"], draft["revision"]) == (True, "One", 0)
    assert numbers(http, "/assistants/asst_one") == [1]
    for answer in (
        http.put("/assistants/asst_one/draft", json={"model": "m"}),
        http.delete("/assistants/asst_one/draft"),
        http.post("/assistants/asst_one/publish"),
        http.post("/assistants/asst_one/versions/1/restore"),
    ):
        assert error_of(answer)["code"] == "assistant_is_configured"


def test_what_was_changed_without_a_version_gets_one(start, tmp_path):
    """The assistants file lets go of an assistant that it has changed in between."""
    first = "assistants:\n  - id: asst_one\n    name: One\n"
    start(assistants_file=written(tmp_path, first)).stop()
    http = start(assistants_file="").http
    http.post("/assistants/asst_one", json={"name": "Two"}).raise_for_status()
    assert numbers(http, "/assistants/asst_one") == [2, 1]
    assert http.get("/assistants/asst_one/versions/1").json()["name"] == "One"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("baker", ["Baker of bread", "The BAKER"]),
        ("cakes", ["The BAKER"]),
        ("제빵", ["제빵사 100%"]),
        ("0%", ["제빵사 100%"]),
        ("_", []),
        ("nobody", []),
    ],
)
def test_assistants_are_searched(start, search, found):
    http = start().http
    for name, description in (
        ("Baker of bread", None),
        ("제빵사 100%", "굽습니다"),
        ("The BAKER", "Makes cakes"),
        ("Teller", ""),
    ):
        http.post("/assistants", json={"model": "m", "name": name, "description": description})
    page = http.get("/assistants", params={"search": search, "order": "asc"}).json()
    # Ids have an underscore.
    names = [one["name"] for one in page["data"] if "_" not in search]
    assert names == found


def test_the_functions_of_the_server_are_listed(start, tmp_path):
    file = tmp_path / "own.py"
    file.write_text('def double(number: int) -> int:\n    """Doubles."""\n    return number * 2\n')
    listed = start(functions_dir=str(tmp_path)).http.get("/functions").json()
    assert listed["object"] == "list"
    (function,) = listed["data"]
    assert (function["name"], function["description"]) == ("double", "Doubles.")
    assert function["parameters"]["properties"]["number"]["type"] == "integer"
