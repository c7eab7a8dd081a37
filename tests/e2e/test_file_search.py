"""A process that dies between a run's search and its answer: the next one cites all the same."""

from tests.support.heirs import environment, succession
from tests.support.replies import Reply
from tests.support.searches import answer, asking, cited, heard, library, results, search
from tests.support.stream_reader import begun, following, names, run_path
from tests.support.talk import ended

MARKER = "【0:0†refund.txt】"


def test_killed_between_its_rounds(upstream, tmp_path):
    database = f"sqlite:///{(tmp_path / 'test.db').as_posix()}"
    settings = environment(database, upstream, FILES_URL=str(tmp_path / "files"))
    upstream.reply(
        Reply.function_calls(search("환불")),
        # Four events open the message; the last delta is half a marker, and so held back.
        Reply.text("Never ", MARKER[:5]).stalled(after=6),
        Reply.text("사흘 ", MARKER[:5], MARKER[5:], "."),
    )
    with succession(tmp_path, settings) as servers:
        files = library(servers.first.client)
        body = {"assistant_id": files.assistant_id, "thread": asking()}
        with begun(servers.first.http, "/threads/runs", body) as reader:
            reader.until("thread.message.delta")
            path = run_path(reader.events)
            assert upstream.wait_stalled()
            http = servers.kill_first().http
        with following(http, path, reader.events[-1].id) as resumed:
            rest = resumed.rest()
        run = ended(http, path)
        assert run["status"] == "completed"
        assert names(rest)[0] == "message.incomplete"
        assert answer(http, run["thread_id"]) == heard(rest)
        assert heard(rest)["text"]["value"] == f"사흘 {MARKER}."
        assert cited(heard(rest)) == [(MARKER, files.files["refund"])]
        ((found,),) = results(http, path)
        assert found["file_id"] == files.files["refund"]
    assert len(upstream.requests) == 3, "the search is not asked for again"
    assert upstream.requests[2].body["input"] == upstream.requests[1].body["input"]
