"""Unreadable documents of an assistant: operators see the list, visitors don't."""

from contextlib import closing

from playwright.sync_api import expect

from tests.support.callers import ORIGIN
from tests.support.checked_clients import checked_sdk
from tests.support.pages import needs_libraries
from tests.support.stores import settled

pytestmark = needs_libraries


def with_a_damaged_file(client) -> str:
    """Return the id of an assistant whose store has one damaged document."""
    file = client.files.create(file=("점포 안내.pdf", b"%PDF-"), purpose="assistants")
    store = client.vector_stores.create(file_ids=[file.id])
    assert settled(client, store.id)["failed"] == 1
    assistant = client.beta.assistants.create(
        model="m",
        name="Librarian",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    return assistant.id


def test_the_operator_sees_what_could_not_be_read(start, chat):
    server = start()
    assistant_id = with_a_damaged_file(server.client)
    [failed] = server.client.vector_stores.files.list(
        server.client.beta.assistants.retrieve(
            assistant_id
        ).tool_resources.file_search.vector_store_ids[0],
        filter="failed",
    ).data
    page = chat(server).page
    note = page.locator(".unread")
    expect(note).to_have_count(0)
    page.locator("select").first.select_option(assistant_id)
    expect(note).to_contain_text("점포 안내.pdf")
    expect(note).to_contain_text(failed.last_error.message)
    page.locator("select").first.select_option("asst_default")
    expect(note).to_have_count(0)


def test_a_visitor_does_not(start, chat):
    key = "key-of-the-shop-1234"
    server = start(api_keys=[f"default:{key}"], public_chat=True, cors_origins=[ORIGIN])
    with closing(checked_sdk(server.base_url, key)) as client:
        assistant_id = with_a_damaged_file(client)
    again = start(
        api_keys=[f"default:{key}"],
        public_chat=True,
        cors_origins=[ORIGIN],
        public_assistants=[assistant_id],
    )
    page = chat(again).page
    expect(page.locator("#start .greeting")).to_be_visible()
    expect(page.locator(".unread")).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text("점포 안내.pdf")
