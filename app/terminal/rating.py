"""Rates the newest answer of a thread, as people do on the chat page."""

from dataclasses import dataclass
from typing import Literal

from app.terminal.client import Client, path_of
from app.terminal.command import Terminal
from app.terminal.failures import Failure
from app.terminal.language import Said

Rating = Literal["up", "down", "none"]
# What a line of a conversation may begin with in place of a message.
_COMMANDS: dict[str, Rating] = {"/up": "up", "/down": "down", "/unrate": "none"}


@dataclass(frozen=True)
class Verdict:
    """`none` removes the rating; a comment may be empty."""

    rating: Rating
    comment: str = ""


def verdict_in(line: str) -> Verdict | None:
    """Return the rating that a line asks for; None if it is a message."""
    command, _, comment = line.strip().partition(" ")
    # A message may begin with such a word too, after a space.
    rating = None if line[:1].isspace() else _COMMANDS.get(command.lower())
    return None if rating is None else Verdict(rating, comment.strip())


def rate(terminal: Terminal, thread: str | None, verdict: Verdict) -> None:
    """Rate the thread's newest answer, in place of a rating before. Raises `Failure`."""
    message = _newest_answer(terminal.client, thread) if thread else None
    if thread is None or message is None:
        raise Failure(_NO_ANSWER)
    rating = None if verdict.rating == "none" else verdict.rating
    body = {"rating": rating, "comment": (rating and verdict.comment) or None}
    given = terminal.client.post(path_of("threads", thread, "messages", message, "feedback"), body)
    if terminal.as_json:
        terminal.show_json(given)
    else:
        terminal.note(_RATED[verdict.rating])


def _newest_answer(client: Client, thread: str) -> str | None:
    """Return the id of the thread's newest message if it is an answer, else None."""
    newest = client.list(path_of("threads", thread, "messages"), 1).items
    answers = [str(one["id"]) for one in newest if one.get("role") == "assistant"]
    return answers[0] if answers else None


_NO_ANSWER = Said("There is no answer to rate yet.", "아직 평가할 답변이 없습니다.")
_RATED = {
    "up": Said("The answer was rated as helpful.", "답변을 ‘도움이 됐어요’로 평가했습니다."),
    "down": Said(
        "The answer was rated as not helpful.", "답변을 ‘도움이 안 됐어요’로 평가했습니다."
    ),
    "none": Said("The rating was removed.", "평가를 지웠습니다."),
}
