"""Check of the code interpreter: whether its environment is there, and its sandbox holds."""

import asyncio

from app.core.config import Settings
from app.interpreter.environment import find_python
from app.interpreter.self_check import Kind, check
from app.terminal.doctor.findings import Finding, ok, warning
from app.terminal.language import Said


def interpreter_finding(settings: Settings) -> Finding:
    """Try to escape from the sandbox, as the server does at its start."""
    if settings.code_interpreter == "off":
        return ok("code_interpreter", _OFF)
    if why := asyncio.run(check(find_python(settings.code_interpreter_python))):
        return warning(
            "code_interpreter", _FAULTS[why.kind].filled(why=why, detail=why.detail), _ADVICE
        )
    return ok("code_interpreter", _AVAILABLE)


_OFF = Said(
    "The code interpreter is off (CODE_INTERPRETER=off).",
    "코드 인터프리터가 꺼져 있습니다(CODE_INTERPRETER=off).",
)
_AVAILABLE = Said(
    "The code interpreter runs code in a sandbox, from which the check could not escape.",
    "코드 인터프리터는 샌드박스에서 코드를 실행합니다. 점검에서 샌드박스를 벗어나지 못했습니다.",
)
_NOT_OFFERED = "The code interpreter is not offered: {why}."
_FAULTS: dict[Kind, Said] = {
    "system": Said(
        _NOT_OFFERED,
        "이 시스템에서는 샌드박스를 쓸 수 없어 코드 인터프리터를 제공하지 않습니다.",
    ),
    "environment": Said(
        _NOT_OFFERED,
        "코드를 실행할 Python 환경이 없어 코드 인터프리터를 제공하지 않습니다.",
    ),
    "packages": Said(
        _NOT_OFFERED,
        "코드를 실행할 Python 환경에 패키지가 없어 코드 인터프리터를 제공하지 않습니다({detail}).",
    ),
    "check": Said(
        _NOT_OFFERED,
        "샌드박스를 점검하지 못해 코드 인터프리터를 제공하지 않습니다. 이유는 로그에 있습니다.",
    ),
    "escape": Said(
        _NOT_OFFERED,
        "이 시스템의 샌드박스가 코드를 막지 못해 코드 인터프리터를 제공하지 않습니다({detail}).",
    ),
    "broken": Said(
        _NOT_OFFERED,
        "이 시스템의 샌드박스 안에서 코드가 동작하지 않아 코드 인터프리터를 제공하지 않습니다"
        "({detail}).",
    ),
}
_ADVICE = Said(
    "Start with ./run.sh, which installs its environment, or use the image; it needs Linux 5.13 or "
    "newer with Landlock. CODE_INTERPRETER=off turns it off.",
    "./run.sh로 시작하면 필요한 환경을 설치합니다. 또는 도커 이미지를 써 주세요. Landlock을 켠 "
    "리눅스 5.13 이상이 필요합니다. 쓰지 않으려면 CODE_INTERPRETER=off로 설정해 주세요.",
)
