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
    broken: list[str] = []
    print(f"{rate:g} chats a second of ordinary users, two servers, PostgreSQL")
    print(_TITLES)
    for number, measured in enumerate(phases):
        # Other programs of the machine come and go: each phase is compared with those beside it.
        calm = [one for one in phases[max(0, number - 1) : number + 2] if one.phase is CALM]
        times = _p95(measured) / (_p95(*calm) or 1)
        _print_phase(measured, times)
        if measured.phase.stopped:
            continue
        if times > _MOST_TIMES and measured.phase is not CALM:
            broken.append(f"{measured.phase.name}: p95 is {times:.2f} times that in peace")
        if measured.refused:
            broken.append(f"{measured.phase.name}: users were refused {dict(measured.refused)}")
    _print_phase(rests, 0)
    print("  ratio: of p95 to that of the calm phases before and after it")
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


def _p95(*measured: Measured) -> float:
    """Return that of all the chats of these phases, in seconds."""
    return percentiles([seconds for one in measured for seconds in one.seconds])[1]


def _print_phase(measured: Measured, times: float) -> None:
    p50, p95, p99 = (1000 * value for value in percentiles(measured.seconds))
    bare = 1000 * percentiles(measured.bare)[1]
    cpu = " ".join(f"{100 * share:4.0f} %" for share in measured.cpu)
    name = f"{measured.phase.name}{' *' if measured.phase.stopped else ''}"
    print(
        f"  {name:<18} {len(measured.seconds):>6} {p50:7.0f} {p95:7.0f} {p99:7.0f}"
        f"  {times:5.2f} {measured.longest:10.1f} {measured.refused.total():8}"
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
