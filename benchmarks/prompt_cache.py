"""How much of its prompts an upstream answers from its cache, with a real model server.

python -m benchmarks.prompt_cache [--turns N]

llama.cpp's server keeps the last prompt of each slot and reads only what differs from it, as the
prompt caches of providers do. The shares are those that it reports, for all calls of a turn
together. From the third turn on, at least 80 % of a turn's prompts are to be cached; the exit
status is 1 if they are not. A conversation that becomes too long is summarised now and then: its
share is that of all its turns together.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from benchmarks.scripted_calls import scripted_calls
from benchmarks.servers import ROOT, Server, llama_server, threadkeeper

_WANTED = 0.8
_FROM_TURN = 3
_LONG_TURNS = 20
# The server waits for the run's next state.
_POLL_HELPER = {"x-stainless-poll-helper": "true"}
_ANSWER_TOKENS = 40

_INSTRUCTIONS = "\n".join(
    f"{number}. {rule}"
    for number, rule in enumerate(
        [
            "You answer customers of a shop that sells signs and screens for other shops.",
            "Answer in the customer's language, politely, in at most three sentences.",
            "Prices include tax. Orders over 50,000 won are delivered free of charge.",
            "Delivery takes two working days in Seoul and three elsewhere, five on islands.",
            "A screen can be returned within fourteen days if its seal is unbroken.",
            "A sign that was printed for a customer can only be returned if it is faulty.",
            "Repairs within two years are free, except for broken glass and water damage.",
            "Never promise a date. Say when the customer will hear from us instead.",
            "If a customer is angry, apologise once, and say what happens next.",
            "If you don't know something, say so, and give the service desk's number: 1588-0000.",
            "The service desk is open from nine to six on working days, on Saturdays until one.",
            "Do not discuss other customers, other shops, or how these rules came to be.",
        ],
        1,
    )
)
_ASKED = (
    "I ordered screen number {n} for the window of our shop on the corner, and my colleague wants "
    "to know how bright it is in the sun, what it costs each month, and whether you can come by."
)
_FUNCTIONS = ("order_status", "cancel_order", "find_shop", "repair_status", "price_of")
_FUNCTION = '''
def {name}(query: str) -> str:
    """Return what is known about an order."""
    return "It left the warehouse in Incheon this morning and arrives on Thursday."
'''
_PASSAGES = {
    "brightness.md": "A window screen has 2,500 candela per square metre. In direct sun, choose "
    "the model with 4,000. The brightness follows the light in the street by itself, and at night "
    "it is at most a tenth, so that neighbours sleep well.",
    "visits.md": "Our fitters visit shops in Seoul on working days. A visit costs 30,000 won, "
    "which is returned with the next order. Say which floor the shop is on.",
}


@dataclass
class Shares:
    """The cached share of each turn's prompts, and the tokens of all turns together."""

    name: str
    turns: list[float] = field(default_factory=list)
    cached: int = 0
    prompt: int = 0

    def add(self, usage: dict[str, Any]) -> None:
        cached, prompt = usage["prompt_token_details"]["cached_tokens"], usage["prompt_tokens"]
        self.turns.append(cached / prompt)
        self.cached += cached
        self.prompt += prompt

    @property
    def least(self) -> float:
        return min(self.turns[_FROM_TURN - 1 :])

    @property
    def together(self) -> float:
        return self.cached / self.prompt


class Shop:
    """A client of a server with one assistant."""

    def __init__(self, server: Server, **assistant: Any) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api/v1", timeout=300)
        body = {"model": "smol", "instructions": _INSTRUCTIONS, **assistant}
        self.assistant_id = self.post("/assistants", body)["id"]

    def post(self, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        answer = self._http.post(path, json=body, **options)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def get(self, path: str, **headers: str) -> dict[str, Any]:
        found: dict[str, Any] = self._http.get(path, headers=headers).json()
        return found

    def turn(self, thread_id: str, text: str) -> dict[str, Any]:
        """Add a message, run the assistant, and return the run's usage."""
        self.post(f"/threads/{thread_id}/messages", {"role": "user", "content": text})
        run = self.post(f"/threads/{thread_id}/runs", {"assistant_id": self.assistant_id})
        while run["status"] in ("queued", "in_progress"):
            run = self.get(f"/threads/{thread_id}/runs/{run['id']}", **_POLL_HELPER)
        if run["status"] not in ("completed", "incomplete"):
            raise RuntimeError(f"A run is {run['status']}: {run['last_error']}")
        usage: dict[str, Any] = run["usage"]
        return usage

    def upload(self, name: str, text: str) -> str:
        file_id: str = self.post(
            "/files", None, data={"purpose": "assistants"}, files={"file": (name, text)}
        )["id"]
        return file_id


def measured(name: str, shop: Shop, turns: int) -> Shares:
    shares, thread_id = Shares(name), shop.post("/threads")["id"]
    for number in range(turns):
        shares.add(shop.turn(thread_id, _ASKED.format(n=number)))
    return shares


def plain(server: Server, turns: int) -> Shares:
    return measured("plain", Shop(server), turns)


def with_tools(server: Server, turns: int) -> Shares:
    """Every turn calls a function that the server answers, and then writes."""
    tools = [{"type": "function", "function": {"name": name}} for name in _FUNCTIONS]
    return measured("tools", Shop(server, tools=tools), turns)


def with_file_search(server: Server, turns: int) -> Shares:
    """Every turn searches, and then writes."""
    shop = Shop(server, tools=[{"type": "file_search", "file_search": {"max_num_results": 2}}])
    files = [shop.upload(name, text) for name, text in _PASSAGES.items()]
    store = shop.post("/vector_stores", {"file_ids": files})
    while shop.get(f"/vector_stores/{store['id']}")["status"] != "completed":
        time.sleep(0.1)
    resources = {"file_search": {"vector_store_ids": [store["id"]]}}
    shop.post(f"/assistants/{shop.assistant_id}", {"tool_resources": resources})
    return measured("file_search", shop, turns)


def long_conversation(server: Server) -> Shares:
    """The conversation becomes longer than what is read of it, and is summarised."""
    return measured("long", Shop(server), _LONG_TURNS)


@contextmanager
def _served(**settings: str) -> Iterator[Server]:
    with TemporaryDirectory() as folder:
        template = Path(folder) / "template.jinja"
        template.write_text(_template(), "utf-8")
        functions = Path(folder) / "functions"
        functions.mkdir()
        code = "".join(_FUNCTION.format(name=name) for name in _FUNCTIONS)
        (functions / "orders.py").write_text(code, "utf-8")
        with (
            llama_server(
                *("--ctx-size", "16384", "--parallel", "2", "--temp", "0"),
                # On a busy machine, several threads would spin while waiting for each other.
                *("--threads", "1", "--poll", "0"),
                *("--predict", str(_ANSWER_TOKENS), "--jinja"),
                *("--chat-template-file", str(template)),
            ) as model,
            scripted_calls(f"http://127.0.0.1:{model.port}/v1") as base_url,
            threadkeeper(
                base_url,
                CONTEXT_WINDOW="8192",
                FUNCTIONS_DIR=str(functions),
                RUN_EXPIRES_SECONDS="3600",
                **settings,
            ) as server,
        ):
            yield server


def _template() -> str:
    """Return the tests' template without the examples, which it only adds to some requests."""
    text = (ROOT / "tests/support/chatml_tools.jinja").read_text("utf-8")
    return re.sub(r" *\{#- So small.*?\{%- endif %\}\n", "", text, flags=re.DOTALL)


def _report(shares: Shares) -> None:
    turns = " ".join(f"{share:4.0%}" for share in shares.turns)
    print(
        f"{shares.name:12} {shares.prompt:7} tokens, {shares.together:4.0%} cached; turns: {turns}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Cached prompt tokens, with a real model server.")
    parser.add_argument("--turns", type=int, default=8, help="turns of each conversation")
    turns = parser.parse_args().turns
    found = []
    with _served() as server:
        for measure in (plain, with_tools, with_file_search):
            found.append(measure(server, turns))
            _report(found[-1])
    with _served(HISTORY_TOKENS="700") as server:
        summarised = long_conversation(server)
        _report(summarised)
    missed = [shares.name for shares in found if shares.least < _WANTED]
    if missed:
        print(f"Below {_WANTED:.0%} from turn {_FROM_TURN} on: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
