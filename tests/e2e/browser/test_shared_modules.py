"""The modules that the chat page and the widget share, run in a browser."""

import copy
import re

import pytest
from openai.lib.streaming._deltas import accumulate_delta

from app.api.pages import FOLDER
from tests.support.pages import needs_libraries

pytestmark = needs_libraries

STREAM = (
    "\ufeffid: 1\r\nevent: first\r\ndata: 한글 😀\r\ndata:  two\r\n\r\n: ping\n\n"
    "id: 2\ndata\n\nevent: nothing\n\nid: 3\revent: third\rdata:{}\r\rdata: cut off"
)
EVENTS = [
    {"id": "1", "name": "first", "data": "한글 😀\n two"},
    {"id": "2", "name": "message", "data": ""},
    {"id": "3", "name": "third", "data": "{}"},
]
# Calls `work(module)` with a module of the page's own server, and returns its result.
WITH = "async ([name, given]) => { const m = await import(`./static/shared/${name}`); %s }"


@pytest.fixture
def run(visit, server):
    page = visit()
    page.goto(f"{server.base_url}/chat")

    def evaluate(module, work, given=None):
        return page.evaluate(WITH % work, [module, given])

    return evaluate


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_read_however_they_arrive(run, size):
    read = """
      const bytes = new TextEncoder().encode(given.stream);
      const body = new ReadableStream({ start(controller) {
        for (let at = 0; at < bytes.length; at += given.size)
          controller.enqueue(bytes.slice(at, at + given.size));
        controller.close();
      } });
      const events = [];
      for await (const event of m.readEvents(new Response(body))) events.push(event);
      return events;
    """
    assert run("events.js", read, {"stream": STREAM, "size": size}) == EVENTS


def test_leaving_the_loop_closes_the_stream(run):
    leave = """
      let closed = false;
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\\n\\n")),
        cancel: () => { closed = true; },
      });
      for await (const event of m.readEvents(new Response(body))) break;
      await Promise.resolve();
      return closed;
    """
    assert run("events.js", leave) is True


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [
        (["ko-KR", "en"], "ko"),
        (["ko"], "ko"),
        (["fr-FR", "ko", "en"], "ko"),
        (["en-GB", "ko"], "en"),
        (["fr"], "en"),
        ([], "en"),
    ],
)
def test_the_browsers_languages(run, languages, spoken):
    assert run("language.js", "return m.browserLanguage(given)", languages) == spoken


@pytest.mark.parametrize(
    ("metadata", "korean", "english"),
    [
        ({}, (None, []), (None, [])),
        ({"greeting": "Hi", "suggestions": "a\n\n b "}, ("Hi", ["a", "b"]), ("Hi", ["a", "b"])),
        (
            {"greeting_ko": "안녕", "greeting_en": "Hi", "suggestions": '["a, b", 3, ""]'},
            ("안녕", ["a, b"]),
            ("Hi", ["a, b"]),
        ),
        ({"suggestions": '{"no": 1}'}, (None, ['{"no": 1}']), (None, ['{"no": 1}'])),
        ({"suggestions_ko": "가", "suggestions": "a"}, (None, ["가"]), (None, ["a"])),
    ],
)
def test_what_metadata_says_for_a_start_screen(run, metadata, korean, english):
    for language, (greeting, suggestions) in (("ko", korean), ("en", english)):
        work = "return m.startScreen({ metadata: given.metadata }, given.language)"
        said = run("language.js", work, {"metadata": metadata, "language": language})
        assert said == {"greeting": greeting, "suggestions": suggestions, "isClosed": False}


def test_both_languages_have_the_same_texts(run):
    shared = "return ['en', 'ko'].map((l) => Object.keys(m.sharedTexts[l]).sort())"
    english, korean = run("language.js", shared)
    assert english == korean
    for module, table in (("../chat/texts.js", "pageTexts"), ("../shell/texts.js", "shellTexts")):
        english, korean = run(module, shared.replace("sharedTexts", table))
        assert english == korean


def test_every_text_exists_and_is_used(run):
    """Code looks texts up by name: a name without a text would break the page."""
    names = set(run("../chat/texts.js", "return Object.keys(m.pageTexts.en)"))
    names |= set(run("../shell/texts.js", "return Object.keys(m.shellTexts.en)"))
    shared = set(run("language.js", "return Object.keys(m.sharedTexts.en)"))
    files = [path for folder in ("chat", "shell") for path in (FOLDER / folder).glob("*.*")]
    sources = "\n".join(path.read_text("utf-8") for path in files)
    asked = set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', sources))
    assert asked <= names | shared
    assert [name for name in names if not re.search(rf'["\']{name}["\']', sources)] == []


def test_memory_replaces_blocked_storage(run):
    keep = """
      const kept = m.keptIn(() => { throw new DOMException("", "SecurityError"); });
      kept.set("a", { b: 1 });
      const there = kept.get("a");
      kept.remove("a");
      return [there, kept.get("a")];
    """
    assert run("storage.js", keep) == [{"b": 1}, None]
    full = """
      const full = { getItem: () => null, setItem() { throw new DOMException("full"); } };
      const kept = m.keptIn(() => full);
      kept.set("a", 1);
      return kept.get("a");
    """
    assert run("storage.js", full) == 1


def test_the_cited_passage_is_the_nth_search_s(run):
    steps = [
        {"calls": [{"type": "function"}, {"type": "file_search", "file_search": {"results": []}}]},
        {
            "calls": [
                {
                    "type": "file_search",
                    "file_search": {
                        "results": [
                            {"file_id": "file_1", "file_name": "a", "score": 1},
                            {
                                "file_id": "file_2",
                                "file_name": "b",
                                "score": 0.5,
                                "content": [{"text": "one"}, {"text": "two"}],
                            },
                        ]
                    },
                }
            ]
        },
    ]
    work = "return given.marks.map((mark) => m.citedPassage(mark, given.steps))"
    marks = ["【1:1†b】", "【0:0†a】", "【7:0†a】", "no mark"]
    found = run("citations.js", work, {"marks": marks, "steps": steps})
    passage = {"text": "one\n\ntwo", "name": "b", "fileId": "file_2", "score": 0.5}
    assert found == [passage, None, None, None]


STATES = [
    [{"input": "a"}, {"input": "b"}, {"input": None}, {"input": "c"}],
    [{"output": None}, {"output": "x"}],
    [{"type": "made_up", "index": 0}, {"type": "made_up", "index": 0, "made_up": {"input": "1"}}],
    [
        {"outputs": []},
        {"outputs": [{"index": 0, "type": "logs", "logs": "one "}]},
        {"outputs": [{"index": 0, "type": "logs", "logs": "two"}]},
        {"outputs": [{"index": 1, "type": "image", "image": {"file_id": "file-1"}}]},
    ],
    [{"outputs": [{"index": 0, "logs": "a"}]}, {"outputs": [{"index": 0, "logs": "b"}]}],
    [{"names": ["a"]}, {"names": ["b", "c"]}],
    [{"tokens": 3, "deep": {"er": {"text": "x"}}}, {"tokens": 4, "deep": {"er": {"text": "y"}}}],
    [{"text": "안"}, {"text": "녕"}],
]


@pytest.mark.parametrize("deltas", STATES)
def test_deltas_add_up_as_in_openai_s_sdk(run, deltas):
    add = "return given.reduce((state, delta) => m.accumulate(state, delta), {})"
    expected: dict[object, object] = {}
    for delta in copy.deepcopy(deltas):
        expected = accumulate_delta(expected, delta)
    assert run("accumulate.js", add, deltas) == expected


def test_deltas_that_no_server_should_send(run):
    add = "return given.reduce((state, delta) => m.accumulate(state, delta), {})"
    # A repeated id is not added up; a list's length is bounded.
    assert run("accumulate.js", add, [{"id": "call_1"}, {"id": "call_1"}]) == {"id": "call_1"}
    far = [{"list": [{"index": 10**12}]}, {"list": [{"index": -1}, 7]}]
    assert run("accumulate.js", add, far) == {"list": [{"index": 10**12}, {"index": -1}, 7]}
    changed = [{"value": "x"}, {"value": {"y": 1}}, {"value": [1]}, {"value": 2}]
    assert run("accumulate.js", add, changed) == {"value": 2}
    pollute = """
      const delta = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"x": 1}}');
      m.accumulate(m.accumulate({}, delta), delta);
      return [({}).polluted === undefined, Object.x === undefined];
    """
    assert run("accumulate.js", pollute) == [True, True]


def test_code_takes_so_many_files_of_a_thread(run):
    work = """
      const listed = given.listed.map((type) => ({ type }));
      const file = (number) => ({ id: `file-${number}`, name: `${number}.csv` });
      const turns = [];
      for (let number = 0; number < 19; number += 1) {
        turns.push({ question: m.newQuestion({ text: "", files: [file(number)] }, listed, turns) });
      }
      const asked = { text: "", files: [file(19), file(20)], images: [{ id: "file-i" }] };
      const { files, images } = m.newQuestion(asked, listed, turns);
      return [...files, ...images].map(({ tools }) => tools);
    """
    code, both = ["code_interpreter"], ["code_interpreter", "file_search"]
    found = run("attached.js", work, {"listed": both})
    assert found == [both, ["file_search"], []]
    # The server says that it is too many, instead of the page leaving it out.
    assert run("attached.js", work, {"listed": code}) == [code, code, []]


def test_the_page_loads_its_modules_at_once():
    """Listed modules are fetched in parallel, not one after another.

    A tool's own module is not listed, so adding one changes only `registered.js`.
    """
    page = (FOLDER / "chat/index.html").read_text("utf-8")
    listed = set(re.findall(r'"modulepreload" href="static/([^"]+)"', page))
    registered = (FOLDER / "shared/calls/registered.js").read_text("utf-8")
    tools = {f"shared/calls/{name}" for name in re.findall(r'from "\./([^"]+)"', registered)}
    there = {
        f"{folder}/{path.name}"
        for folder in ("chat", "shared", "shared/calls", "shell")
        for path in (FOLDER / folder).glob("*.js")
    }
    first = {"shell/early.js", "chat/main.js"}
    assert tools and tools < there
    assert listed == there - first - tools | {"vendor/marked.js", "vendor/purify.js"}
