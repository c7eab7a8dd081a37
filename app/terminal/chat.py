"""`chat`: a conversation in the terminal."""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from app.terminal.client import path_of
from app.terminal.command import Terminal, server_command
from app.terminal.conversation import Conversation, Stopped
from app.terminal.failures import Failure
from app.terminal.language import Said, both
from app.terminal.options import StepsOption
from app.terminal.rating import rate, verdict_in
from app.terminal.transcript import show_messages

# Gives `input` line editing and history; Windows lacks this module and doesn't need it.
with suppress(ImportError):
    import readline  # noqa: F401

_STOPPED_STATUS = 130
_PROMPT = "› "
_SHOWN_BEFORE = 2


def register(app: typer.Typer) -> None:
    server_command(
        app,
        "chat",
        both(
            "Chat with an assistant. Ctrl+C stops an answer, Ctrl+D exits; /up, /down and /unrate "
            "rate it, also with a comment: /down too long.",
            "어시스턴트와 대화합니다. Ctrl+C는 답변을 멈추고, Ctrl+D는 대화를 끝냅니다. /up, "
            "/down, /unrate로 답변을 평가하며, 의견을 덧붙일 수 있습니다: /down 너무 길어요.",
        ),
    )(_chat)


def _chat(
    terminal: Terminal,
    assistant: Annotated[
        str | None,
        typer.Option(
            "--assistant",
            "-a",
            metavar="ID",
            help=both(
                "The assistant that answers; default: the server's default assistant.",
                "답변할 어시스턴트. 기본값은 서버의 기본 어시스턴트입니다.",
            ),
        ),
    ] = None,
    thread: Annotated[
        str | None,
        typer.Option(
            "--thread",
            "-t",
            metavar="ID",
            help=both("The thread to continue.", "이어 갈 대화."),
        ),
    ] = None,
    message: Annotated[
        list[str] | None,
        typer.Option(
            "--message",
            "-m",
            metavar="TEXT",
            help=both(
                "Send this message and exit. `-` reads standard input; can be repeated.",
                "이 메시지만 보내고 끝냅니다. `-`는 표준 입력을 읽으며, 여러 번 쓸 수 있습니다.",
            ),
        ),
    ] = None,
    steps: StepsOption = False,
) -> None:
    conversation = Conversation(terminal, assistant, thread, shows_steps=steps)
    if message or not sys.stdin.isatty():
        _say_once(terminal, conversation, _said(message or ["-"]))
    elif terminal.as_json:
        raise Failure(_JSON_ALONE, status=2)
    else:
        _greet(terminal, assistant, thread)
        _talk(terminal, conversation)


def _said(messages: list[str]) -> str:
    parts = [_piped() if part == "-" else _unicode(part) for part in messages]
    text = "\n\n".join(part for part in parts if part.strip())
    if not text:
        raise Failure(_NOTHING_SAID, status=2)
    return text


def _piped() -> str:
    return sys.stdin.buffer.read().decode("utf-8-sig", "replace").strip("\n")


def _unicode(text: str) -> str:
    """Return typed text without lone surrogates, which can't be encoded in JSON."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _say_once(terminal: Terminal, conversation: Conversation, message: str) -> None:
    try:
        reply = conversation.say(message)
    except Stopped:
        terminal.note(_STOPPED)
        raise typer.Exit(_STOPPED_STATUS) from None
    finally:
        if not terminal.as_json:
            _show_thread(terminal, conversation)
    if terminal.as_json:
        terminal.show_json(reply)


def _greet(terminal: Terminal, assistant: str | None, thread: str | None) -> None:
    """Check the options before the user types, and show the thread's last messages."""
    if assistant:
        found = terminal.client.get(path_of("assistants", assistant))
        terminal.note(_WITH.filled(name=found.get("name") or assistant))
    if thread:
        page = terminal.client.list(path_of("threads", thread, "messages"), _SHOWN_BEFORE)
        show_messages(terminal, page.items[::-1])
    terminal.note(_KEYS)


def _talk(terminal: Terminal, conversation: Conversation) -> None:
    while (message := _ask(terminal)) is not None:
        if not message.strip():
            continue
        verdict = verdict_in(message)
        try:
            if verdict is None:
                conversation.say(message)
            else:
                rate(terminal, conversation.thread, verdict)
        except Stopped:
            terminal.note(_STOPPED)
        except Failure as failure:
            terminal.fail(failure)
        terminal.out.print()
    _show_thread(terminal, conversation)


def _ask(terminal: Terminal) -> str | None:
    """Return the next line; None when the user exits."""
    while True:
        try:
            if terminal.out.is_terminal:
                return _unicode(input(_PROMPT))
            terminal.err.print(_PROMPT, end="")
            line = sys.stdin.readline()
            return _unicode(line) if line else None
        except KeyboardInterrupt:
            terminal.err.print()
            terminal.note(_KEYS)
        except EOFError:
            terminal.err.print()
            return None


def _show_thread(terminal: Terminal, conversation: Conversation) -> None:
    if conversation.thread:
        terminal.note(_GO_ON.filled(thread=conversation.thread))


_JSON_ALONE = Said(
    "--json needs --message, or a message on standard input.",
    "--json을 쓰려면 --message로 메시지를 주거나 표준 입력으로 보내 주세요.",
)
_NOTHING_SAID = Said("The message is empty.", "메시지가 비어 있습니다.")
_STOPPED = Said("(stopped)", "(멈췄습니다)")
_WITH = Said("Chatting with {name}.", "대화 상대: {name}")
_KEYS = Said(
    "Ctrl+C stops an answer, Ctrl+D exits. /up or /down rates an answer.",
    "Ctrl+C는 답변을 멈추고, Ctrl+D는 대화를 끝냅니다. /up이나 /down은 답변을 평가합니다.",
)
_GO_ON = Said(
    "To continue: python -m app chat --thread {thread}",
    "이어서 대화하려면: python -m app chat --thread {thread}",
)
