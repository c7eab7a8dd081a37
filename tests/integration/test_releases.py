"""The data that earlier releases left, opened by this version, on each kind of database.

`tests/support/releases` says what was recorded and how.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from app import __version__
from app.core.config import Settings
from app.domain import clock
from tests.support.callers import ORIGIN, Caller, session_of
from tests.support.fake_upstream import FakeUpstream
from tests.support.function_calls import outputs
from tests.support.releases import __main__ as recording
from tests.support.releases.folder import Release, SeenEvent, releases
from tests.support.releases.rows import load_rows
from tests.support.releases.story import seen
from tests.support.releases.upstream import embedding_upstream
from tests.support.rows import connected
from tests.support.server import thread_server
from tests.support.stores import found
from tests.support.stream_reader import following
from tests.support.talk import ended, error_of, texts

Opened = Callable[..., dict[str, Caller]]
# Seconds; so long that runs are left as their dead worker left them.
UNTOUCHED = 600
# Lists whose items can be retrieved under the list's path, and look the same there.
RETRIEVED = ("assistants", "messages", "runs", "steps", "files", "vector_stores")


@pytest.fixture(params=releases(), ids=lambda release: release.folder.name)
def release(request: pytest.FixtureRequest) -> Release:
    recorded: Release = request.param
    return recorded


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with embedding_upstream() as upstream:
        yield upstream
        assert not upstream.refused, "\n".join(upstream.refused)


@pytest.fixture
def opened(release, empty_database_url, tmp_path, monkeypatch, upstream, call_as):
    """Start this version on a release's data; return its callers by name."""
    about = release.about
    # The clock goes on from the recording: else all runs would have expired by now, and journals
    # would be removed. Only a session's token is judged by the true time; it is good for long.
    behind = time.time() - about.recorded_at
    monkeypatch.setattr(clock, "_wall", lambda: time.time() - behind)
    with connected(empty_database_url) as connection:
        load_rows(connection, release)
    shutil.copytree(release.files, tmp_path / "objects")
    for name, value in about.settings.items():
        assert name.lower() in Settings.model_fields, f"{name} is no setting any more"
        monkeypatch.setenv(name, value)
    with ExitStack() as stack:

        def begin(**settings: Any) -> dict[str, Caller]:
            places = {
                "database_url": empty_database_url,
                "database_pool_size": 3,
                "files_url": str(tmp_path / "objects"),
                "assistants_file": str(release.assistants_file),
                "openai_base_url": upstream.base_url,
                "openai_api_key": "sk-of-the-upstream",
                "openai_max_retries": 0,
                "poll_after_ms": 5,
                "shutdown_seconds": 1,
            }
            server = stack.enter_context(thread_server(**{**places, **settings}))
            return {
                name: call_as(server, credential, origin=ORIGIN)
                for name, credential in about.callers.items()
            }

        yield begin


def differences(recorded: Any, today: Any, place: str = "") -> list[str]:
    """Return where an answer of today is not what it was; fields that were added are no fault."""
    if isinstance(recorded, dict) and isinstance(today, dict):
        gone = [f"{place}.{name} is gone" for name in recorded.keys() - today.keys()]
        kept = [name for name in recorded if name in today]
        return gone + _each((f"{place}.{name}", recorded[name], today[name]) for name in kept)
    if isinstance(recorded, list) and isinstance(today, list) and len(recorded) == len(today):
        pairs = enumerate(zip(recorded, today, strict=True))
        return _each((f"{place}[{number}]", *pair) for number, pair in pairs)
    return [] if recorded == today else [f"{place} was {recorded!r} and is {today!r}"]


def _each(compared: Any) -> list[str]:
    return [one for place, then, today in compared for one in differences(then, today, place)]


def owner(release: Release, callers: dict[str, Caller], run: str) -> Caller:
    """Return who has the key of the project of a run."""
    names = [answer.caller for answer in release.answers if answer.path.startswith(f"{run}/")]
    return callers[names[0]]


def test_this_version_is_recorded_and_opened_by_the_next():
    """A version's number and its recording come with one commit: CONTRIBUTING.md says how."""
    assert __version__ in [release.about.version for release in releases()]


@pytest.mark.parametrize("version", [release.folder.name for release in releases()])
def test_a_release_is_recorded_once(version, monkeypatch):
    monkeypatch.setattr(recording, "__version__", version)
    with pytest.raises(recording.Refusal, match="recorded already"):
        recording.record(version)
    with pytest.raises(recording.Refusal, match=f"This is version {version}, not 99"):
        recording.record("99.0.0")


def test_a_difference_is_found():
    then = {"a": [{"b": 1}], "c": None}
    assert differences(then, {"a": [{"b": 1, "new": 2}], "c": None, "more": 3}) == []
    assert differences(then, {"a": [{"b": 2}]}) == [".c is gone", ".a[0].b was 1 and is 2"]
    assert differences(then, {"a": [], "c": None}) == [".a was [{'b': 1}] and is []"]


def test_every_answer_is_what_it_was(release, opened: Opened):
    """Fields may be added to an object, but none is removed and no value is another one."""
    callers = opened(lease_seconds=UNTOUCHED)
    for answer in release.answers:
        http = callers[answer.caller].http
        today = http.get(answer.path, params=answer.params)
        assert today.is_success, f"{answer.path}: {today.text}"
        assert differences(answer.body, today.json(), answer.path) == []
        if answer.path.endswith(RETRIEVED):
            include = {name: answer.params[name] for name in ["include[]"] if name in answer.params}
            for item in answer.body["data"]:
                path = f"{answer.path}/{item['id']}"
                alone = http.get(path, params=include)
                assert differences(item, alone.json(), path) == []


def test_every_file_has_its_bytes(release, opened: Opened):
    shop = opened(lease_seconds=UNTOUCHED)["shop"]
    # Those of the assistants file too, which no list shows.
    for file in release.rows("files"):
        content = shop.http.get(f"/files/{file['id']}/content").content
        assert content == (release.files / "files" / file["id"]).read_bytes()


def test_every_stream_is_replayed(release, opened: Opened):
    """Event for event, under the same ids, from the beginning and from the middle."""
    callers = opened(lease_seconds=UNTOUCHED)
    interrupted = release.about.scenes["interrupted"]
    for run, events in release.events.items():
        if run == interrupted:
            continue
        http = owner(release, callers, run).http
        # A run without a journal has its end alone, which every reader is sent.
        for place in {0, len(events) // 2 if len(events) > 2 else 0}:
            after = events[place - 1].id if place else None
            with following(http, run, after) as reader:
                today = seen(run, reader.rest())
            then = events[place:]
            assert [(one.id, one.event) for one in today] == [(one.id, one.event) for one in then]
            shown = [one.data for one in today]
            assert differences([one.data for one in then], shown, run) == []


def test_an_interrupted_run_and_the_line_behind_it_are_finished(
    release, opened: Opened, upstream: FakeUpstream
):
    shop = opened(lease_seconds=0.3)["shop"]
    scenes = release.about.scenes
    run, line = scenes["interrupted"], scenes["line"]
    before = release.events[run]
    kept = [event for event in before if event.id <= kept_id(release, run)]
    assert "thread.message.delta" in {event.event for event in kept}
    with following(shop.http, run) as reader:
        events = seen(run, reader.rest())
    assert events[: len(kept)] == kept
    # Nobody takes a new event for one that they have seen.
    assert events[len(kept)].id > before[-1].id
    assert [event.event for event in events[-2:]] == ["thread.run.completed", "done"]
    # The round that its client answered is not lost.
    assert outputs(upstream, 0) == ["배송 중"]
    ends = [ended(shop.http, path) for path in (run, *(one["run"] for one in line))]
    assert [one["status"] for one in ends] == ["completed"] * len(ends)
    answers = [said for role, said in texts(shop.http, run.split("/")[2]) if role == "assistant"]
    assert answers[-len(line) :] == [f"Answer to: {one['question']}" for one in line]
    assert len(answers) == len(line) + 1
    check_usage(release, shop, [one["usage"] for one in ends])


def kept_id(release: Release, run: str) -> int:
    """Return the id of the last event of a run that its journal has."""
    run_id = run.rpartition("/")[2]
    rows = release.rows("run_events")
    return max(row["last_event_id"] for row in rows if row["run_id"] == run_id)


def check_usage(release: Release, shop: Caller, usages: list[dict[str, Any]]) -> None:
    """Check that the day's usage is what it was and that of these runs."""
    (then,) = [one for one in release.answers if (one.caller, one.path) == ("shop", "/usage")]
    today = shop.http.get("/usage", params=then.params).json()
    for name in ("prompt_tokens", "completion_tokens"):
        more = sum(usage[name] for usage in usages)
        assert more > 0
        assert today["total"][name] == then.body["total"][name] + more
    assert today["total"]["runs"] == then.body["total"]["runs"] + len(usages)


def test_a_run_that_waits_for_its_client_goes_on(release, opened: Opened, upstream: FakeUpstream):
    shop = opened()["shop"]
    waiting = release.about.scenes["waiting"]
    events: list[SeenEvent] = release.events[waiting["run"]]
    answers = {"tool_outputs": [{"tool_call_id": waiting["call_id"], "output": "도착"}]}
    path = f"{waiting['run']}/submit_tool_outputs"
    assert shop.http.post(path, json=answers).is_success
    assert ended(shop.http, waiting["run"])["status"] == "completed"
    (asked,) = [
        request.body["input"]
        for request in upstream.requests
        if any(item.get("call_id") == waiting["call_id"] for item in request.body["input"])
    ]
    assert [item["type"] for item in asked[-3:]] == [
        *("reasoning", "function_call", "function_call_output")
    ]
    with following(shop.http, waiting["run"], events[-2].id) as reader:
        assert reader.rest()[0].id > events[-2].id
    assert "thread.run.completed" in {event.name for event in reader.events}


def test_a_visitor_goes_on_with_their_own_thread(release, opened: Opened, upstream: FakeUpstream):
    visitor = opened(lease_seconds=UNTOUCHED)["visitor"]
    own = release.about.scenes["visitor"]
    content = visitor.http.get(f"/files/{own['file_id']}/content").content
    assert content == (release.files / "files" / own["file_id"]).read_bytes()
    renewed = Caller(visitor.base_url, session_of(visitor), origin=ORIGIN)
    for caller in (visitor, renewed):
        listed = caller.http.get("/threads").json()["data"]
        assert [thread["id"] for thread in listed] == [own["thread_id"]]
        body = {"message": "또 왔어요.", "thread_id": own["thread_id"]}
        assert caller.http.post("/chat", json=body).json()["message"] == "Answer to: 또 왔어요."
    renewed.close()
    asked = upstream.requests[0].body["input"]
    assert [item["role"] for item in asked if "role" in item] == ["user", "assistant", "user"]
    others = release.about.scenes["words"]["thread_id"]
    error_of(visitor.http.get(f"/threads/{others}"), 404)


def test_searches_find_what_they_found(release, opened: Opened):
    shop = opened(lease_seconds=UNTOUCHED)["shop"]
    for search in release.about.scenes["searches"]:
        best, *_ = found(shop.client, search["store_id"], search["query"])
        assert best == search["file_id"], search["query"]


def test_what_was_used_counts_in_the_budget(release, opened: Opened):
    (then,) = [one for one in release.answers if (one.caller, one.path) == ("desk", "/usage")]
    used = then.body["total"]["total_tokens"]
    assert used > 0
    desk = opened(lease_seconds=UNTOUCHED, token_budgets={"desk": used})["desk"]
    refused = desk.http.post("/chat", json={"message": "x"})
    assert error_of(refused, 429)["code"] == "insufficient_quota"
    desk = opened(lease_seconds=UNTOUCHED, token_budgets={"desk": used + 1})["desk"]
    assert desk.http.post("/chat", json={"message": "x"}).is_success
