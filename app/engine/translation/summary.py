"""What a summary is made of: which messages, the request, and the text in the answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core.summary_prompt import summary_input, summary_instructions
from app.core.token_rates import Rate
from app.engine.tools.marks import without_citations
from app.engine.translation.history import message_tokens, text_tokens
from app.engine.translation.received import output_of
from app.schemas.messages import Said

# A summary has a sixteenth of the tokens that the history may have, within these bounds.
_SHARE, _SHORTEST, _LONGEST = 16, 150, 3000
# How many times as much the model may write: some count their reasoning, some write too much.
_SLACK = 4
# Characters.
_LONGEST_TOKEN = 4


@dataclass(frozen=True)
class Work:
    """What one call summarises: the summary so far, and the messages after it.

    The new summary should have up to `length` tokens. `more`: other messages are left for the next
    call.
    """

    before: str | None
    messages: list[Said]
    length: int
    more: bool = False

    @property
    def most_output(self) -> int:
        """How many tokens the model may write."""
        return self.length * _SLACK

    @property
    def most_characters(self) -> int:
        """How long a summary is kept, if the upstream ignores limits."""
        return self.most_output * _LONGEST_TOKEN


def first_kept(newest_first: Iterator[Said], tokens: int, rate: Rate) -> int:
    """Return the sequence of the first of the newest messages, which fit into `tokens`; 0: all do.

    A question is kept together with its answer, if possible.
    """
    used, first, question = 0, 0, 0
    for message in newest_first:
        used += message_tokens(message, rate)
        if used > tokens and first:
            return question or first
        first = message.sequence
        question = first if message.role == "user" else question
    return 0


def part_of(older: Iterator[Said], tokens: int, rate: Rate) -> tuple[list[Said], bool]:
    """Return the first messages that fit into `tokens`, at least one if there is one.

    The second value says whether there are more.
    """
    part: list[Said] = []
    for message in older:
        tokens -= message_tokens(message, rate)
        if part and tokens < 0:
            return part, True
        part.append(message)
    return part, False


def tokens_of(work: Work, rate: Rate) -> int:
    """Estimate how many tokens the request has."""
    texts = (work.before or "", summary_instructions([], 0))
    fixed = sum(text_tokens(text, rate) for text in texts)
    return fixed + sum(message_tokens(message, rate) for message in work.messages)


def summary_length(limit: int) -> int:
    """Return how many tokens a summary may have, where the history may have `limit`."""
    return min(max(limit // _SHARE, _SHORTEST), _LONGEST)


def summary_request(model: str, work: Work) -> dict[str, Any]:
    """Return the request; `model` is the name that the upstream uses."""
    spoken = [(message.role, _spoken(message)) for message in work.messages]
    texts = [text for role, text in spoken if role == "user"]
    given = summary_input(work.before, spoken)
    content = [{"type": "input_text", "text": given}]
    return {
        "model": model,
        # Fewer words than tokens, in any language.
        "instructions": summary_instructions(texts, work.length // 2),
        "input": [{"type": "message", "role": "user", "content": content}],
        "max_output_tokens": work.most_output,
        "store": False,
    }


def _spoken(message: Said) -> str:
    """Return a message's text, with a note for each image."""
    pieces = []
    for part in message.content:
        match part["type"]:
            case "text":
                pieces.append(without_citations(part["text"]["value"], part["text"]["annotations"]))
            case "refusal":
                pieces.append(part["refusal"])
            case _:
                pieces.append("[image]")
    return "\n".join(pieces)


def text_in(response: dict[str, Any]) -> str:
    """Return the text that a response contains."""
    parts = [
        part
        for item in output_of(response)
        if item["type"] == "message"
        for part in item["content"]
    ]
    return "".join(str(part.get("text") or "") for part in parts if part["type"] == "output_text")
