"""Ratings of answers: who may give them, what they replace, and what deletes them."""

import json

import pytest

from tests.support.callers import ORIGIN, session_of
from tests.support.moving import exported, imported, objects_in
from tests.support.talk import error_of

KEYS = {name: f"key-of-the-{name}-123456" for name in ("shop", "cafe")}
API_KEYS = [f"{name}:{key}" for name, key in KEYS.items()]


@pytest.fixture
def server(start):
    return start(api_keys=API_KEYS, public_chat=True, public_project="shop", cors_origins=[ORIGIN])


@pytest.fixture
def shop(server, call_as, upstream):
    return call_as(server, KEYS["shop"]).http


@pytest.fixture
def visitor(server, call_as, upstream):
    return call_as(server, session_of(call_as(server))).http


def answered(http, message="hello", **more) -> tuple[str, str]:
    """Chat, and return the paths of the thread and of the answer's feedback."""
    said = http.post("/chat", json={"message": message, **more}).json()
    thread = f"/threads/{said['thread_id']}"
    (answer, *_) = http.get(f"{thread}/messages").json()["data"]
    return thread, f"{thread}/messages/{answer['id']}/feedback"


def test_a_rating_is_given_replaced_and_removed(shop):
    thread, path = answered(shop)
    given = shop.post(path, json={"rating": "down", "comment": " Wrong price. "}).json()
    assert given == {
        "id": path.split("/")[-2],
        "object": "thread.message.feedback",
        "created_at": given["created_at"],
        "thread_id": thread.split("/")[-1],
        "rating": "down",
        "comment": "Wrong price.",
        "by_visitor": False,
    }
    assert shop.get(f"{thread}/feedback").json()["data"] == [given]
    replaced = shop.post(path, json={"rating": "up"}).json()
    assert (replaced["rating"], replaced["comment"]) == ("up", None)
    assert shop.get(f"{thread}/feedback").json()["data"] == [replaced]
    assert shop.post(path, json={"rating": None}).json()["rating"] is None
    assert shop.get(f"{thread}/feedback").json()["data"] == []
    assert shop.post(path, json={"rating": None}).status_code == 200


def test_a_visitor_rates_only_answers_of_its_own_threads(server, shop, visitor, call_as):
    thread, path = answered(visitor)
    assert visitor.post(path, json={"rating": "up"}).json()["by_visitor"] is True
    (seen,) = visitor.get(f"{thread}/feedback").json()["data"]
    assert seen["rating"] == "up"
    another = call_as(server, session_of(call_as(server))).http
    error_of(another.post(path, json={"rating": "down"}), 404)
    error_of(another.get(f"{thread}/feedback"), 404)
    _, of_shop = answered(shop)
    error_of(visitor.post(of_shop, json={"rating": "down"}), 404)


def test_projects_do_not_see_each_others_ratings(server, shop, call_as):
    cafe = call_as(server, KEYS["cafe"]).http
    thread, path = answered(shop)
    shop.post(path, json={"rating": "up"})
    error_of(cafe.post(path, json={"rating": "down"}), 404)
    error_of(cafe.get(f"{thread}/feedback"), 404)
    assert shop.get(f"{thread}/feedback").json()["data"][0]["rating"] == "up"


def test_only_answers_are_rated(shop):
    thread, _ = answered(shop)
    question = shop.get(f"{thread}/messages").json()["data"][-1]["id"]
    error = error_of(
        shop.post(f"{thread}/messages/{question}/feedback", json={"rating": "up"}), 400
    )
    assert error["param"] == "message_id"
    error_of(shop.post(f"{thread}/messages/msg_none/feedback", json={"rating": "up"}), 404)


@pytest.mark.parametrize(
    "body", [{}, {"rating": "meh"}, {"rating": "up", "comment": "x" * 1001}, {"rating": True}]
)
def test_a_wrong_body_is_refused(shop, body):
    _, path = answered(shop)
    error_of(shop.post(path, json=body), 400)


def test_a_rating_goes_with_its_message(shop):
    thread, path = answered(shop)
    shop.post(path, json={"rating": "up"})
    assert shop.delete(path.removesuffix("/feedback")).status_code == 200
    assert shop.get(f"{thread}/feedback").json()["data"] == []


def test_ratings_are_listed_in_pages(shop):
    thread, first = answered(shop)
    _, second = answered(shop, "again", thread_id=thread.split("/")[-1])
    for path in (first, second):
        shop.post(path, json={"rating": "up"})
    page = shop.get(f"{thread}/feedback", params={"limit": 1}).json()
    assert (page["has_more"], page["last_id"]) == (True, second.split("/")[-2])
    rest = shop.get(f"{thread}/feedback", params={"after": page["last_id"]}).json()
    assert [one["id"] for one in rest["data"]] == [first.split("/")[-2]]


def test_ratings_move_with_their_threads(server, shop, call_as):
    _, path = answered(shop)
    shop.post(path, json={"rating": "down", "comment": "틀려요"})
    lines = exported(shop)
    (line,) = [one for one in objects_in(lines) if one["object"] == "thread.message.feedback"]
    assert (line["id"], line["comment"]) == (path.split("/")[-2], "틀려요")
    again = imported(shop, lines)
    assert (again["refused"], again["existing"]["thread.message.feedback"]) == (0, 1)
    thread = path.split("/messages")[0]
    shop.delete(thread)
    cafe = call_as(server, KEYS["cafe"]).http
    assert imported(cafe, lines)["problems"] == []
    (moved,) = cafe.get(f"{thread}/feedback").json()["data"]
    assert (moved["rating"], moved["comment"]) == ("down", "틀려요")


def test_a_rating_of_a_message_that_is_not_there_is_refused(shop):
    thread, _ = answered(shop)
    question = shop.get(f"{thread}/messages").json()["data"][-1]["id"]
    line = {
        "id": question,
        "object": "thread.message.feedback",
        "created_at": 1,
        "thread_id": thread.split("/")[-1],
        "rating": "up",
    }
    report = shop.post("/import", content=json.dumps(line)).json()
    assert report["problems"][0]["field"] == "id"
    assert "message of the assistant" in report["problems"][0]["reason"]
