"""Turns of a conversation: said, answered as a stream, stopped with Ctrl+C."""

from app.terminal.answer import Answer, answering
from app.terminal.client import Object, Stream, error_said, event_data, path_of
from app.terminal.command import Terminal
from app.terminal.failures import Failure, Refused
from app.terminal.language import Said
from app.terminal.transcript import read_steps, show_attached, show_steps

# Of one run; more than any model writes.
_MOST_MESSAGES = 100


class Stopped(Exception):
    """The person stopped the answer."""


class Conversation:
    """A thread, from the first thing that is said on it."""

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
        """Say something and show the answer as it comes; return the reply.

        Raises `Failure`, and `Stopped` after Ctrl+C: then the run is cancelled.
        """
        body: Object = {"message": message, "stream": True}
        body |= {"thread_id": self.thread} if self.thread else {}
        body |= {"assistant_id": self._assistant} if self._assistant else {}
        run: str | None = None
        try:
            with self._client.stream("POST", path_of("chat"), body) as stream:
                self.thread = stream.headers.get("x-thread-id", self.thread)
                run = stream.headers.get("x-run-id")
                return self._show(stream)
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
            # What was no delta: an answer that came whole, and what a tool call asks for.
            if not answer.text:
                answer.add(reply.get("message", ""))
            elif reply.get("required_action"):
                answer.add("\n\n" + reply.get("message", ""))
        self._show_rest(reply)
        if cut := reply.get("incomplete_details"):
            self._terminal.note(_CUT_SHORT.filled(reason=cut.get("reason")))
        return reply

    def _show_rest(self, reply: Object) -> None:
        """Show what is no text: pictures, files, and if it was asked for what tools did."""
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
            return  # it had ended in the meantime

    def _lost(self, failure: Failure, run: str | None) -> Failure:
        """Return what to tell where the stream broke: the run goes on without us."""
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


_ENDED = Said("The answer broke off.", "답변이 중간에 끊겼습니다.")
_CUT_SHORT = Said("(The answer was cut short: {reason})", "(답변이 다 나오지 못했습니다: {reason})")
_GOES_ON = Said(
    "The connection broke. The answer is still being written and will stand in the thread: "
    "python -m app threads show {thread}",
    "연결이 끊어졌습니다. 답변은 서버에서 계속 작성되어 대화에 남습니다: "
    "python -m app threads show {thread}",
)
