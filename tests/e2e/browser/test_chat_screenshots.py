"""The README's screenshots of the chat page, saved if `SCREENSHOTS` names a folder."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.assistants_files import ANALYST, SHIPPED
from tests.support.function_calls import call, function_tools
from tests.support.interpreters import require_interpreter
from tests.support.pages import needs_libraries
from tests.support.replies import Reply
from tests.support.searches import SEARCH, search, stores
from tests.support.stores import filled

pytestmark = needs_libraries

DESKTOP = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 2}
# The whole answer with its chart is in the picture.
TALL = {**DESKTOP, "viewport": {"width": 1280, "height": 1130}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
KOREAN = {
    "name": "사이니지 도우미",
    "greeting": "무엇을 도와드릴까요?",
    "file": (
        "환불 안내",
        "구독을 해지하면 남은 기간의 요금을 환불해 드립니다. 환불은 3일 안에 처리됩니다.",
    ),
    "query": "구독 해지 환불",
    "past": ["부산역 화면이 꺼져 있어요", "지난주 시청 수가 가장 많은 날", "화면 밝기 예약 방법"],
    "question": "구독을 해지하면 환불은 언제 되나요? 지금 켜진 화면도 알려 주세요.",
    "answer": (
        "해지하시면 **남은 기간의 요금**을 환불해 드리고, 환불은 **3일 안에** 처리됩니다{mark}.\n\n"
        "지금 운영 중인 화면은 다음과 같습니다.\n\n"
        "| 화면 | 위치 | 크기 |\n|---|---|--:|\n"
        "| SCR-101 | 강남역 1번 출구 | 75″ |\n| SCR-102 | 코엑스 동문 | 98″ |\n"
        "| SCR-201 | 해운대 광장 | 75″ |\n\n"
        "해지 예약은 `설정 → 구독`에서 하실 수 있어요."
    ),
}
ENGLISH = {
    "name": "Signage helper",
    "greeting": "How can I help you?",
    "file": ("Refunds", "When you cancel, the rest of the period is refunded within three days."),
    "query": "cancel refund",
    "past": ["A screen at the station is off", "The busiest day of last week", "Dim at night"],
    "question": "When do I get a refund if I cancel? And which screens are on?",
    "answer": (
        "When you cancel, **the rest of the period** is refunded **within three days**{mark}.\n\n"
        "These screens are on right now:\n\n"
        "| Screen | Place |\n|---|---|\n"
        "| SCR-101 | Gangnam, exit 1 |\n| SCR-102 | COEX, east gate |\n"
        "| SCR-201 | Haeundae plaza |\n\n"
        "You can cancel under `Settings → Subscription`."
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def furnish(server, words):
    """Create the assistant, its file, and threads of earlier days."""
    name, text = words["file"]
    client = server.client
    store_id = client.vector_stores.create().id
    filled(client, store_id, **{name: text})
    for said in reversed(words["past"]):
        server.http.post("/threads", json={"messages": [{"role": "user", "content": said}]})
    body = {
        "model": "m",
        "name": words["name"],
        "tools": [SEARCH, *function_tools("list_screens")],
        "metadata": {
            "greeting": words["greeting"],
            "suggestions": json.dumps([words["question"], *words["past"]]),
        },
        **stores(store_id),
    }
    server.http.post("/assistants", json=body).raise_for_status()


@pytest.mark.parametrize(
    ("name", "words", "options"),
    [
        ("desktop-ko-light", KOREAN, {**DESKTOP, "locale": "ko-KR", "color_scheme": "light"}),
        ("desktop-en-dark", ENGLISH, {**DESKTOP, "locale": "en-US", "color_scheme": "dark"}),
        ("phone-en-dark", ENGLISH, {**PHONE, "locale": "en-US", "color_scheme": "dark"}),
        ("phone-ko-light", KOREAN, {**PHONE, "locale": "ko-KR", "color_scheme": "light"}),
    ],
)
def test_pictures(chat, start, upstream, folder, name, words, options):
    server = start()
    furnish(server, words)
    page = chat(on=server, reduced_motion="reduce", **options)
    page.page.locator("#assistant").select_option(words["name"])
    expect(page.page.get_by_role("heading", name=words["greeting"], exact=True)).to_be_visible()
    page.page.screenshot(path=folder / f"chat-{name}-start.png")
    mark = f"【0:0†{words['file'][0]}.txt】"
    calls = (search(words["query"]), call("list_screens", "call_2"))
    answer = words["answer"].format(mark=mark)
    upstream.reply(Reply.function_calls(*calls), Reply.text(answer))
    page.ask(words["question"])
    page.finished()
    expect(page.text.locator(".citation")).to_have_text(["1"])
    page.page.locator("#message").blur()
    page.page.screenshot(path=folder / f"chat-{name}.png")
    page.text.locator(".citation").click()
    expect(page.page.locator(".passage")).to_have_text(words["file"][1])
    page.page.screenshot(path=folder / f"chat-{name}-source.png")


def test_picture_of_code(chat, start, folder):
    """The README's picture: the demo model draws the shipped table."""
    require_interpreter()
    demo = {"openai_base_url": "", "openai_api_key": "", "assistants_file": str(SHIPPED)}
    server = start(code_interpreter="auto", **demo)
    for said in reversed(KOREAN["past"]):
        server.http.post("/threads", json={"messages": [{"role": "user", "content": said}]})
    page = chat(on=server, locale="ko-KR", color_scheme="light", reduced_motion="reduce", **TALL)
    page.page.locator("#assistant").select_option(ANALYST)
    page.page.get_by_role("button", name="10월 시청 데이터를 날짜별 그래프로").click()
    page.finished()
    expect(page.answer.locator(".message").get_by_role("img")).to_be_visible()
    page.page.locator("#message").blur()
    page.page.mouse.move(0, 0)
    page.page.screenshot(path=folder / "chat-desktop.png")
