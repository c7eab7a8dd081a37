"""People who wait for a person: seen at once, answered in the console, handed back."""

import re

from playwright.sync_api import expect

from tests.support.pages import needs_libraries
from tests.support.waiting import wait_until

pytestmark = needs_libraries
REFUSED = re.compile("status of 400")


def waiting(server, note: str) -> str:
    said = server.http.post("/chat", json={"message": "hello"}).json()
    body = {"contact": "kim@example.com", "note": note}
    answer = server.http.post(f"/threads/{said['thread_id']}/handover", json=body)
    assert answer.status_code == 200, answer.text
    thread_id: str = said["thread_id"]
    return thread_id


def test_a_person_answers_in_the_same_thread(start, upstream, console):
    server = start()
    page = console(server, "handovers", locale="en-US")
    expect(page.view.get_by_text("Nobody is waiting", exact=True)).to_be_visible()
    thread_id = waiting(server, "My <b>order</b> is late.")
    # The list and the navigation's count update by themselves.
    row = page.view.locator(".handover-row")
    expect(row).to_contain_text("My <b>order</b> is late.")
    expect(page.page.locator(".rail-count")).to_have_text("1")
    page.assert_accessible()
    row.get_by_role("link", name="kim@example.com").press("Enter")
    page.at(f"handovers/{thread_id}")
    expect(page.view.get_by_role("log")).to_contain_text("Answer to: hello")
    page.page.get_by_label("Your name").fill("Jiwoo")
    page.page.get_by_label("Your name").press("Enter")
    field = page.page.get_by_label("Your reply")
    expect(field).to_be_focused()
    field.fill("I am looking into it.")
    field.press("Enter")
    log = page.view.get_by_role("log")
    expect(log.locator(".person")).to_contain_text("I am looking into it.")
    expect(field).to_have_value("")
    server.http.post("/chat", json={"message": "thanks", "thread_id": thread_id})
    expect(log.locator(".user").last).to_contain_text("thanks")
    expect(page.page.locator(".rail-count")).to_have_count(0)
    page.assert_accessible()
    page.button("Hand back to the assistant").click()
    expect(page.view.get_by_text("The assistant is answering.")).to_be_visible()
    assert server.http.get(f"/threads/{thread_id}/handover").json()["state"] == "bot"
    messages = server.http.get(f"/threads/{thread_id}/messages").json()["data"]
    assert [one["metadata"].get("person") for one in messages[:2]] == [None, "Jiwoo"]


def test_two_persons_with_the_same_conversation_open(start, upstream, console):
    server = start()
    thread_id = waiting(server, "Is anybody there?")
    path = f"handovers/{thread_id}"
    pages = [console(server, path, locale="en-US", expected=REFUSED) for _ in range(2)]
    first, second = pages
    for page, name in zip(pages, ("Jiwoo", "Minho"), strict=True):
        page.page.get_by_label("Your name").fill(name)
        # The other's pages learn of it only by what they do themselves.
        page.page.clock.install()
    for page in pages:
        page.page.get_by_label("Your name").press("Enter")
        taken = page.view.get_by_text(re.compile("answering as Jiwoo|Jiwoo is answering"))
        expect(taken).to_be_visible()
    expect(second.notice).to_contain_text("Someone else is answering this conversation now.")
    expect(second.view.get_by_text("Jiwoo is answering.")).to_be_visible()
    expect(second.page.get_by_label("Your reply")).to_have_count(0)

    # Handed over to the other, who answers while this page still shows the old state.
    first.page.get_by_label("Your reply").fill("Written by Jiwoo.")
    server.http.post(f"/threads/{thread_id}/hand_back")
    server.http.post(f"/threads/{thread_id}/take", json={"name": "Minho"})
    first.page.get_by_label("Your reply").press("Enter")
    expect(first.notice).to_contain_text("Someone else is answering this conversation now.")
    expect(first.view.get_by_text("Minho is answering.")).to_be_visible()
    messages = server.http.get(f"/threads/{thread_id}/messages").json()["data"]
    assert [one["metadata"] for one in messages if one["metadata"].get("person")] == []


def test_one_look_in_five_seconds_serves_the_list_and_the_count(start, upstream, visit):
    server = start()
    page = visit()
    page.clock.install(time=0)
    calls = []
    page.on("request", lambda request: calls.append(request.url))
    page.goto(f"{server.base_url}/console#/handovers")
    expect(page.locator("#view .state-nothing")).to_be_visible()
    # From here on, only this test moves the page's clock.
    page.clock.pause_at(3_600)
    calls.clear()
    for _ in range(20):
        page.clock.run_for(1000)
    assert len([url for url in calls if "/handovers" in url]) <= 5
    waiting(server, "Is anybody there?")
    row = page.locator(".handover-row")

    def seen() -> bool:
        page.clock.run_for(1000)
        return row.count() == 1

    wait_until(seen)
    expect(row).to_contain_text("Is anybody there?")
    expect(page.locator(".rail-count")).to_have_text("1")


def test_the_head_has_room_for_the_name_in_each_look(start, upstream, console, look):
    server = start(
        admin_key="a-key-of-an-administrator-1234", api_keys=["shop:key-of-shop-1234567"]
    )
    page = console(server, "handovers", **look)
    page.sign_in("key-of-shop-1234567")
    expect(page.heading).to_be_visible()
    expect(page.page.locator("#signed-in")).to_be_visible()
    brand = "(e => e.scrollWidth <= e.clientWidth && e.getBoundingClientRect().width > 80)"
    assert page.page.locator(".brand span").evaluate(brand)
    tools = page.page.locator(".console-tools").bounding_box()
    shown = page.page.locator(".brand span").bounding_box()
    assert tools and shown
    if "is_mobile" in look:
        assert shown["x"] + shown["width"] <= tools["x"]
    page.assert_accessible()
