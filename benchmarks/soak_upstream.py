"""The model of the soak: answers in words, and now and then fails as models do.

python -m benchmarks.soak_upstream --port 9000 --faults 0.03
"""

import argparse
import random
from typing import Any

import uvicorn

from tests.support.fake_upstream import FakeUpstream
from tests.support.replies import Reply
from tests.support.response_events import last_user_text

_PAUSE = 0.005  # seconds between two deltas
_SLOW_PAUSE = 0.1
_SLOW_SHARE = 0.02
# A cut comes after this many events: some of the answer has been told by then.
_CUT_AFTER = 8
_SEED = 20_261_120


class Moods:
    """Decides how each request is answered; the same from soak to soak."""

    def __init__(self, upstream: FakeUpstream, faults: float) -> None:
        self._upstream = upstream
        self._faults = faults
        self._random = random.Random(_SEED)

    def answer(self, body: dict[str, Any]) -> Reply:
        # What was asked is of no use here, and would fill the memory.
        self._upstream.requests.clear()
        first, *rest = f"Answer to: {last_user_text(body)}".split(" ")
        reply = Reply.text(first, *(f" {word}" for word in rest)).paced(_PAUSE)
        mood = self._random.random()
        if mood < self._faults / 2:
            return Reply.http_error(500, {"error": {"message": "It broke."}})
        if mood < self._faults:
            return reply.cut(_CUT_AFTER)
        if mood < self._faults + _SLOW_SHARE:
            return reply.paced(_SLOW_PAUSE)
        return reply


def main() -> None:
    """Serve from this process until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--faults", type=float, default=0.03, help="share of failing answers")
    arguments = parser.parse_args()
    upstream = FakeUpstream()
    upstream.reply_with(Moods(upstream, arguments.faults).answer)
    uvicorn.run(upstream.app, port=arguments.port, log_level="critical", lifespan="off", ws="none")


if __name__ == "__main__":
    main()
