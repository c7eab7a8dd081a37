"""Settings into the code interpreter."""

from app.core.config import Settings
from app.interpreter.environment import find_python
from app.interpreter.events import Limits
from app.interpreter.interpreter import Interpreter


def configured_interpreter(settings: Settings) -> Interpreter:
    limits = Limits(
        seconds=settings.code_interpreter_seconds,
        cpu_seconds=settings.code_interpreter_cpu_seconds,
        memory_bytes=settings.code_interpreter_memory_mib << 20,
        disk_bytes=settings.code_interpreter_disk_mib << 20,
        output_characters=settings.code_interpreter_output,
        threads=settings.code_interpreter_threads,
    )
    return Interpreter(
        find_python(settings.code_interpreter_python),
        limits,
        sessions=settings.code_interpreter_sessions,
        idle_seconds=settings.code_interpreter_idle_minutes * 60,
        off=settings.code_interpreter == "off",
    )
