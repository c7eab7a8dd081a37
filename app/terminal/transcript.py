"""What was said on a thread: on the screen, as Markdown, and as an object."""

from rich.text import Text

from app.terminal.client import Client, Object, path_of
from app.terminal.language import Language, Said
from app.terminal.screen import Screen, markdown, moment, one_line

# More messages than any thread a person reads.
_ALL = 1_000_000

_ROLES = {
    "user": Said("User", "사용자"),
    "assistant": Said("Assistant", "어시스턴트"),
}
_UNTITLED = Said("Thread", "대화")
_IMAGE = Said("[image: {source}]", "[이미지: {source}]")
_FILE = Said("[file: {source}]", "[파일: {source}]")


def read_transcript(client: Client, thread_id: str) -> Object:
    """Return a thread and all its messages, the oldest first. Raises `Failure`."""
    thread = client.get(path_of("threads", thread_id))
    messages = client.list(path_of("threads", thread_id, "messages"), _ALL, {"order": "asc"})
    return {"thread": thread, "messages": messages.items}


def as_markdown(transcript: Object, language: Language) -> str:
    """Return a transcript for people to keep: its title, then each message under its speaker."""
    thread = transcript["thread"]
    parts = [f"# {_title(thread) or _UNTITLED.in_language(language)}"]
    parts.append(f"`{thread.get('id')}` · {moment(thread.get('created_at'))}")
    for message in transcript["messages"]:
        parts.append(f"## {_heading(message, language)}")
        parts.append(_content(message, language))
    return "\n\n".join(parts) + "\n"


def show_messages(screen: Screen, messages: list[Object]) -> None:
    """Show messages to a person: what they said as it was typed, answers as Markdown."""
    for message in messages:
        screen.out.print(Text(_heading(message, screen.language), style="bold"))
        content = _content(message, screen.language)
        if message.get("role") == "user" or not screen.out.is_terminal:
            screen.write(content)
        else:
            screen.out.print(markdown(content))
        screen.out.print()


def _title(thread: Object) -> str:
    metadata = thread.get("metadata") or {}
    return one_line(str(metadata.get("title") or ""))


def _heading(message: Object, language: Language) -> str:
    role = str(message.get("role"))
    said = _ROLES.get(role, Said(role, role)).in_language(language)
    return f"{said} · {moment(message.get('created_at'))}"


def _content(message: Object, language: Language) -> str:
    parts = [_part(part, language) for part in message.get("content", [])]
    files = [str(one.get("file_id")) for one in message.get("attachments") or []]
    parts += [_FILE.filled(source=file).in_language(language) for file in files]
    return "\n\n".join(parts)


def _part(part: Object, language: Language) -> str:
    match part.get("type"):
        case "text":
            return str(part["text"]["value"])
        case "refusal":
            return str(part["refusal"])
        case "image_url":
            source = part["image_url"]["url"]
        case "image_file":
            source = part["image_file"]["file_id"]
        case other:
            return f"[{other}]"
    return _IMAGE.filled(source=source).in_language(language)
