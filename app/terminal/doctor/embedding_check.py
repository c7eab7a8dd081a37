"""Check of the built-in embedding model: whether it is installed, and answers."""

from app.core.config import Settings
from app.domain.errors import ModelError
from app.knowledge.builtin_model import (
    BUILTIN,
    REQUIREMENTS,
    BuiltinEmbedder,
    builtin_is_installed,
)
from app.terminal.doctor.findings import Finding, failure, ok, warning
from app.terminal.language import Said


async def embedding_findings(settings: Settings) -> list[Finding]:
    """Embed a text as the server would; another model than the built-in one is checked with its
    upstream.
    """
    if settings.embedding_model != BUILTIN:
        return []
    if not builtin_is_installed():
        return [warning("embedding_model", _MISSING, _INSTALL.filled(file=REQUIREMENTS))]
    model = BuiltinEmbedder()
    try:
        [vector] = await model.embed(["안녕하세요"])
    except ModelError:
        return [failure("embedding_model", _SILENT, _INSTALL.filled(file=REQUIREMENTS))]
    finally:
        await model.close()
    return [ok("embedding_model", _WORKS.filled(dimensions=len(vector)))]


_WORKS = Said(
    "The built-in embedding model answers, with vectors of {dimensions} dimensions.",
    "내장 임베딩 모델이 정상으로 동작합니다(벡터 {dimensions}차원).",
)
_MISSING = Said(
    "EMBEDDING_MODEL=builtin has no effect, because its packages are not installed: vector stores "
    "are searched by words only.",
    "EMBEDDING_MODEL=builtin에 필요한 패키지가 설치되어 있지 않아 벡터 스토어를 단어로만 "
    "검색합니다.",
)
_SILENT = Said(
    "The built-in embedding model did not answer.", "내장 임베딩 모델이 응답하지 않았습니다."
)
_INSTALL = Said(
    "Start with ./run.sh, which installs {file}, or run pip install -r {file}.",
    "./run.sh로 시작하면 {file}에 있는 패키지가 설치됩니다. 직접 설치하려면 "
    "pip install -r {file} 명령을 실행해 주세요.",
)
