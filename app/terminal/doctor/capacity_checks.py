"""Checks of how much the server can do at once."""

from app.core.config import Settings
from app.core.open_files import attainable, calls_within
from app.terminal.doctor.findings import Finding, ok, warning
from app.terminal.language import Said

# With fewer open files than this, a busy site is limited by them.
_FEW_FILES = 4096


def open_files_finding(settings: Settings) -> Finding:
    """Check how many calls to models the limit of open files allows."""
    files = attainable()
    possible, wanted = calls_within(files), settings.max_model_calls
    if wanted > possible:
        return warning(
            "open_files", _TOO_MANY.filled(files=files, calls=possible, wanted=wanted), _RAISE
        )
    if files < _FEW_FILES and not wanted:
        return warning("open_files", _FEW.filled(files=files, calls=possible), _RAISE)
    return ok("open_files", _ENOUGH.filled(files=files, calls=wanted or possible))


_ENOUGH = Said(
    "Up to {files} open files: {calls} calls to models at once.",
    "열 수 있는 파일 {files}개, 동시 모델 호출 {calls}개까지 가능합니다.",
)
_FEW = Said(
    "Only {files} files may be open, so the server makes {calls} calls to models at once.",
    "열 수 있는 파일이 {files}개뿐이라 모델을 동시에 {calls}번까지만 호출합니다.",
)
_TOO_MANY = Said(
    "MAX_MODEL_CALLS is {wanted}, but {files} open files allow only {calls} calls at once.",
    "MAX_MODEL_CALLS는 {wanted}이지만 열 수 있는 파일이 {files}개라 동시에 {calls}번까지만 "
    "호출할 수 있습니다.",
)
_RAISE = Said(
    "Raise the limit: ulimit -n 65536, LimitNOFILE=65536 (systemd) or "
    "--ulimit nofile=65536 (Docker).",
    "한도를 올려 주세요: ulimit -n 65536, LimitNOFILE=65536(systemd), "
    "--ulimit nofile=65536(Docker).",
)
