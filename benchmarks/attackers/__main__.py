"""One kind of attacker, as a process: prepares, says "ready", and attacks when it is asked to.

python -m benchmarks.attackers KIND --key KEY --ports PORT PORT

Each line of its standard input is a number of seconds to attack for; after each it prints what it
was answered, as one line of JSON. It ends with its input.
"""

import argparse
import asyncio
import json
import os
import sys

import aiohttp

from benchmarks.attackers.attacker import Attacker
from benchmarks.attackers.long_questions import LongQuestions
from benchmarks.attackers.poison import PoisonAnswers, PoisonFiles, PoisonRequests
from benchmarks.attackers.slow_bodies import SlowBodies
from benchmarks.servers import raise_file_limit

KINDS: dict[str, type[Attacker]] = {
    "slow bodies": SlowBodies,
    "long questions": LongQuestions,
    "poison requests": PoisonRequests,
    "poison files": PoisonFiles,
    "poison answers": PoisonAnswers,
}


async def attack(kind: str, ports: list[int], key: str) -> None:
    headers = {"authorization": f"Bearer {key}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        attacker = KINDS[kind](session, ports, key)
        await attacker.prepare()
        _say("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            attacker.answers.clear()
            await attacker.attack(float(line))
            _say(json.dumps(attacker.answers))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--key", required=True)
    parser.add_argument("--ports", type=int, nargs="+", required=True)
    arguments = parser.parse_args()
    raise_file_limit()
    # Attackers come from elsewhere, and take no server's CPU.
    os.nice(19)
    asyncio.run(attack(arguments.kind, arguments.ports, arguments.key))


if __name__ == "__main__":
    main()
