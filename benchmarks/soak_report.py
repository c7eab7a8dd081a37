"""What the soak with attackers prints, and whether the promises were kept."""

from benchmarks.soak_ledger import Findings, percentiles
from benchmarks.soak_phases import CALM, Measured

Memory = tuple[int, ...]  # KiB of each server

# What ordinary users may notice of attackers: so many times the calm p95.
_MOST_TIMES = 2.0
# The memory that servers keep in the end, to that before the attacks.
_MOST_MEMORY = 1.5


def report(
    rate: float,
    phases: list[Measured],
    rests: Measured,
    memory: list[Memory],
    findings: Findings,
) -> list[str]:
    """Print all of it; return what is broken of what is promised."""
    calm = next(measured for measured in phases if measured.phase is CALM)
    broken: list[str] = []
    print(f"{rate:g} chats a second of ordinary users, two servers, PostgreSQL")
    print(_TITLES)
    for measured in [*phases, rests]:
        _print_phase(measured, calm)
        if measured.phase.stopped or measured is rests:
            continue
        if _times(measured, calm) > _MOST_TIMES:
            broken.append(f"{measured.phase.name}: p95 is {_times(measured, calm):.2f} times")
        if measured.refused:
            broken.append(f"{measured.phase.name}: users were refused {dict(measured.refused)}")
    print("  * a server or the database doesn't answer for a part of it: no ratio is promised")
    _print_answers(phases)
    broken += _memory(memory)
    print(f"  runs: {dict(findings.runs)}")
    print(f"  lost {len(findings.lost)}, doubled {len(findings.doubled)}", end="")
    print(f", unfinished {len(findings.unfinished)}")
    broken += [*findings.lost, *findings.doubled, *findings.unfinished]
    for what in broken[:20]:
        print(f"  BROKEN: {what}")
    return broken


_TITLES = (
    "  phase               chats  p50 ms  p95 ms  p99 ms  ratio  longest s  refused"
    "  CPU of the servers  peak MiB  upstream alone p95 ms"
)


def _times(measured: Measured, calm: Measured) -> float:
    return percentiles(measured.seconds)[1] / (percentiles(calm.seconds)[1] or 1)


def _print_phase(measured: Measured, calm: Measured) -> None:
    p50, p95, p99 = (1000 * value for value in percentiles(measured.seconds))
    bare = 1000 * percentiles(measured.bare)[1]
    cpu = " ".join(f"{100 * share:4.0f} %" for share in measured.cpu)
    name = f"{measured.phase.name}{' *' if measured.phase.stopped else ''}"
    print(
        f"  {name:<18} {len(measured.seconds):>6} {p50:7.0f} {p95:7.0f} {p99:7.0f}"
        f"  {_times(measured, calm):5.2f} {measured.longest:10.1f} {measured.refused.total():8}"
        f"  {cpu:>18} {measured.peak_kib / 1024:9.0f} {bare:22.0f}"
    )


def _print_answers(phases: list[Measured]) -> None:
    for measured in phases:
        if measured.refused:
            print(f"  users, {measured.phase.name}: {dict(measured.refused)}")
        for kind, answers in measured.attackers.items():
            print(f"  attackers, {measured.phase.name}, {kind}: {dict(sorted(answers.items()))}")


def _memory(memory: list[Memory]) -> list[str]:
    """Print it; return what hasn't come back."""
    broken = []
    for name, before, after in zip(("first", "second"), *memory, strict=True):
        said = f"{name} server: {before / 1024:.0f} MiB before, {after / 1024:.0f} MiB after"
        print(f"  memory of the {said}, once idle")
        if after > _MOST_MEMORY * before:
            broken.append(f"the memory of the {said}")
    return broken
