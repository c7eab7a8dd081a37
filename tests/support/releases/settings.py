"""How the recorded server is configured, and the files that go with it."""

from pathlib import Path

from tests.support.assistants_files import written
from tests.support.callers import ORIGIN

SHOP_KEY = "key-of-the-shop-123456"
DESK_KEY = "key-of-the-desk-123456"
DOCUMENTS = "asst_documents"
VISITORS = "asst_visitors"
# In minutes. A token is judged by the true time: this one still works when later releases read it.
CENTURY = 100 * 365 * 24 * 60

SETTINGS = {
    "API_KEYS": f'["shop:{SHOP_KEY}", "desk:{DESK_KEY}"]',
    "PUBLIC_CHAT": "true",
    "PUBLIC_PROJECT": "shop",
    "PUBLIC_ASSISTANTS": f'["{VISITORS}"]',
    "CORS_ORIGINS": f'["{ORIGIN}"]',
    "SESSION_MINUTES": str(CENTURY),
    "ASSISTANT_NAME": "안내 데스크",
    "OPENAI_MODEL": "m",
    "EMBEDDING_MODEL": "e",
    # So that a run that waits for others has a horizon.
    "BUSY_THREAD": "enqueue",
    "FUNCTIONS_DIR": "",
}
HOURS = "매장은 오전 열 시에 열고 저녁 여덟 시에 닫습니다. 영업일은 월요일부터 토요일까지입니다."
_ASSISTANTS = f"""\
assistants:
  - id: {DOCUMENTS}
    name: 문서 도우미
    instructions: 문서에서 찾아 출처와 함께 답하세요.
    tools: [file_search]
    knowledge: [knowledge/hours.md]
  - id: {VISITORS}
    name: 방문자 도우미
    instructions: Draw.
    tools:
      - type: code_interpreter
"""


def write_assistants(folder: Path) -> None:
    """Write the assistants file and its document."""
    written(folder, _ASSISTANTS, hours=HOURS)
