"""Asks whether the server may make calls, and shows the rest of the answer."""

from app.terminal.answer import Answer, answering
from app.terminal.calls.pieces import pretty
from app.terminal.client import Object, Stream, error_said, event_data, path_of
from app.terminal.command import Terminal
from app.terminal.failures import Failure, Refused
from app.terminal.language import Said


def approvals_in(run: Object) -> list[Object]:
    """Return the calls that a person must allow; none if the run waits for anything else."""
    action = run.get("required_action") or {}
    calls: list[Object] = (action.get("submit_tool_outputs") or {}).get("tool_calls") or []
    return calls if all(call.get("approval") for call in calls) else []


def ask_and_continue(terminal: Terminal, thread: str, run_id: str, calls: list[Object]) -> Object:
    """Ask about each call, send the answers, and show what follows; return the run.

    Raises `Failure`.
    """
    outputs = [
        {"tool_call_id": call["id"], "output": "yes" if _allows(terminal, call) else "no"}
        for call in calls
    ]
    path = path_of("threads", thread, "runs", run_id, "submit_tool_outputs")
    body: Object = {"tool_outputs": outputs, "stream": True}
    with (
        terminal.client.stream("POST", path, body) as stream,
        answering(terminal.out) as answer,
    ):
        return _read(stream, answer)


def _allows(terminal: Terminal, call: Object) -> bool:
    approval, function = call["approval"], call["function"]
    terminal.note(
        _ASKED.filled(
            title=approval["title"],
            operation=approval["operation"],
            method=approval["method"],
            host=approval["host"],
        )
    )
    terminal.write(pretty(function["arguments"]))
    return terminal.confirm(_ALLOW)


def _read(stream: Stream, answer: Answer) -> Object:
    run: Object = {}
    for event in stream.events:
        data = event_data(event)
        if event[0] == "thread.message.delta":
            for part in (data.get("delta") or {}).get("content") or []:
                answer.add(str((part.get("text") or {}).get("value") or part.get("refusal") or ""))
        elif event[0] == "error":
            raise Refused(error_said(data.get("error") or {}), http_status=0)
        elif data.get("object") == "thread.run":
            run = data
    if not run:
        raise Failure(_ENDED)
    return run


_ASKED = Said(
    "{title} would run “{operation}” ({method} {host}) with:",
    "{title}의 “{operation}” 작업({method} {host})에 보낼 내용:",
)
_ALLOW = Said("Allow this call?", "이 호출을 허용할까요?")
_ENDED = Said("The answer was interrupted.", "답변이 중간에 끊겼습니다.")
