"""Runs the turns of a conversation: sends a message, streams the answer, stops it on Ctrl+C."""

import sys

from app.terminal.answer import Answer, answering
from app.terminal.approvals import approvals_in, ask_and_continue
from app.terminal.client import Object, Stream, error_said, event_data, path_of
from app.terminal.command import Terminal
from app.terminal.failures import Failure, Refused
from app.terminal.language import Said
from app.terminal.transcript import read_steps, show_attached, show_steps

# More messages than any run writes.
_MOST_MESSAGES = 100


class Stopped(Exception):
    """The user stopped the answer."""


class Conversation:
    """A conversation on one thread, which the first message creates if none is given."""

    def __init__(
        self,
        terminal: Terminal,
        assistant: str | None,
        thread: str | None,
        *,
        shows_steps: bool = False,
    ) -> None:
        self.thread = thread
        self._shows_steps = shows_steps
        self._terminal = terminal
        self._client = terminal.client
        self._assistant = assistant

    def say(self, message: str) -> Object:
        """Send a message, show the answer as it arrives, and return the reply.

        Raises `Failure`, and `Stopped` after Ctrl+C, once it has cancelled the run.
        """
        body: Object = {"message": message, "stream": True}
        body |= {"thread_id": self.thread} if self.thread else {}
        body |= {"assistant_id": self._assistant} if self._assistant else {}
        run: str | None = None
        try:
            with self._client.stream("POST", path_of("chat"), body) as stream:
                self.thread = stream.headers.get("x-thread-id", self.thread)
                run = stream.headers.get("x-run-id")
                reply = self._show(stream)
            return self._with_approvals(reply)
        except KeyboardInterrupt:
            self._cancel(run)
            raise Stopped from None
        except Refused:
            raise
        except Failure as failure:
            raise self._lost(failure, run) from failure

    def _show(self, stream: Stream) -> Object:
        if self._terminal.as_json:
            return _read(stream, None)
        with answering(self._terminal.out) as answer:
            reply = _read(stream, answer)
            # Text that did not arrive as deltas: a whole answer, or the text about a tool call.
            asked = sys.stdin.isatty() and approvals_in(reply)
            if not answer.text and not asked:
                answer.add(reply.get("message", ""))
            elif reply.get("required_action") and not asked:
                answer.add("\n\n" + reply.get("message", ""))
        self._show_rest(reply)
        if cut := reply.get("incomplete_details"):
            self._terminal.note(_CUT_SHORT.filled(reason=cut.get("reason")))
        return reply

    def _with_approvals(self, reply: Object) -> Object:
        """Ask about the server's calls as long as the run waits for that; return the reply."""
        thread, run = str(reply.get("thread_id")), str(reply.get("run_id"))
        waiting = reply
        while not self._terminal.as_json and sys.stdin.isatty():
            calls = approvals_in(waiting)
            if not calls:
                break
            waiting = ask_and_continue(self._terminal, thread, run, calls)
        return reply

    def _show_rest(self, reply: Object) -> None:
        """Show what is not text: pictures, files and, if requested, tool calls."""
        thread, run = str(reply.get("thread_id")), str(reply.get("run_id"))
        path = path_of("threads", thread, "messages")
        said = self._client.list(path, _MOST_MESSAGES, {"run_id": run, "order": "asc"})
        show_attached(self._terminal, said.items)
        if self._shows_steps:
            self._terminal.out.print()
            show_steps(self._terminal, read_steps(self._client, thread, run))

    def _cancel(self, run: str | None) -> None:
        if run is None or self.thread is None:
            return
        try:
            self._client.post(path_of("threads", self.thread, "runs", run, "cancel"), {})
        except Refused:
            return  # the run has ended in the meantime

    def _lost(self, failure: Failure, run: str | None) -> Failure:
        """Return the error for a lost stream: if a run was created, it continues on the server."""
        if run is None or self.thread is None:
            return failure
        return Failure(_GOES_ON.filled(thread=self.thread))


def _read(stream: Stream, answer: Answer | None) -> Object:
    for event in stream.events:
        data = event_data(event)
        match event[0]:
            case "delta" if answer is not None:
                answer.add(str(data.get("delta", "")))
            case "message":
                return data
            case "error":
                raise Refused(error_said(data.get("error") or {}), http_status=0)
    raise Failure(_ENDED)


_ENDED = Said("The answer was interrupted.", "답변이 중간에 끊겼습니다.")
_CUT_SHORT = Said("(The answer is incomplete: {reason})", "(답변이 완전하지 않습니다: {reason})")
_GOES_ON = Said(
    "The connection was lost. The server continues the answer and saves it in the thread: "
    "python -m app threads show {thread}",
    "연결이 끊어졌습니다. 서버가 답변을 계속 작성해 대화에 저장합니다: "
    "python -m app threads show {thread}",
)
