"""The doctor: what it sees of the settings, the ground and what the operator wrote."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core import fence
from app.terminal.doctor.setup_checks import clock_finding
from tests.support.terminal import examine, run

pytestmark = pytest.mark.usefixtures("empty_folder")

SAMPLES = Path(__file__).parents[1] / "support" / "hangul"


@pytest.fixture
def empty_folder(monkeypatch, tmp_path: Path) -> None:
    """The working directory holds no `.env` and no data of anybody's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSISTANTS_FILE", raising=False)


def test_a_fresh_folder_is_sound_and_stays_as_it_is(tmp_path):
    result = run("doctor", PORT="0")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("warnings: 1, errors: 0.")
    assert "! warning The built-in demo model answers" in result.stdout
    assert [*tmp_path.iterdir()] == []


def test_it_speaks_korean():
    result = run("doctor", "--language", "ko", PORT="0")
    assert "개, 주의 1개, 오류 0개." in result.stdout
    assert "→ OPENAI_API_KEY를 설정하거나" in result.stdout


def test_every_wrong_setting_has_a_line(tmp_path):
    (tmp_path / ".env").write_text("PORT=x\nOPENAI_API_KEY=sk-secret…\n", "utf-8")
    result = run("doctor", "--json", LEASE_SECONDS="0")
    assert result.exit_code == 1
    faults = [one for one in json.loads(result.stdout)["checks"] if one["level"] == "failure"]
    assert sorted(one["message"].partition(":")[0] for one in faults) == [
        "LEASE_SECONDS",
        "OPENAI_API_KEY",
        "PORT",
    ]
    assert all(".env.example" in one["advice"] for one in faults)
    assert "sk-secret" not in result.output


def test_the_settings_are_those_of_the_folder(tmp_path):
    (tmp_path / ".env").write_text("ASSISTANTS_FILE=none.yaml\n", "utf-8")
    checks = examine()
    assert "from .env" in checks["settings"]["message"]
    assert checks["assistants"]["message"] == "ASSISTANTS_FILE: there is no file none.yaml"


def test_a_slip_in_the_env_file_is_named(tmp_path):
    (tmp_path / ".env").write_text("API_KEY=a-secret-of-a-slip\n", "utf-8")
    result = run("doctor", PORT="0")
    assert "there is no setting API_KEY" in result.stdout
    assert "Did you mean API_KEYS?" in result.stdout
    assert "a-secret-of-a-slip" not in result.output


def test_other_machines_need_keys():
    refused = run("doctor", "--json", HOST="0.0.0.0")
    (fault,) = [one for one in json.loads(refused.stdout)["checks"] if one["level"] == "failure"]
    assert fault["message"].startswith("HOST: 0.0.0.0 lets other machines in")
    assert "API_KEYS=[" in fault["message"]
    opened = examine(HOST="0.0.0.0", ALLOW_OPEN="true")["access"]
    assert (opened["level"], "no key is needed" in opened["message"]) == ("warning", True)
    keyed = run("doctor", HOST="0.0.0.0", PORT="0", API_KEYS='["default:tk-own-secret-of-a-test"]')
    assert keyed.exit_code == 0
    assert "Calls need a key." in keyed.stdout
    assert "tk-own-secret" not in keyed.output


def test_an_admin_key_closes_a_server():
    found = examine(HOST="0.0.0.0", ADMIN_KEY="k" * 24)["access"]
    assert (found["level"], "ADMIN_KEY" in found["message"]) == ("ok", True)


def test_visitors_without_a_budget_are_warned_of():
    found = examine(PUBLIC_CHAT="true", PUBLIC_PROJECT="site")["public_chat"]
    assert found["advice"].endswith('TOKEN_BUDGETS={"site": 1000000}')
    assert "public_chat" not in examine(PUBLIC_CHAT="true", TOKEN_BUDGETS='{"*": 5}')


def test_pages_of_every_site_are_warned_of():
    assert examine(CORS_ORIGINS='["*"]')["origins"]["level"] == "warning"
    assert "origins" not in examine(CORS_ORIGINS='["https://example.org"]')


def test_keys_that_others_can_read_are_warned_of(tmp_path):
    file = tmp_path / ".env"
    file.write_text('API_KEYS=["default:tk-own-secret-of-a-test"]\n')
    file.chmod(0o644)
    assert examine()["env_file"]["advice"] == "chmod 600 .env"
    file.chmod(0o600)
    assert "env_file" not in examine()


def test_a_wrong_clock_is_seen():
    assert clock_finding(datetime(1970, 1, 1, tzinfo=UTC)).level == "failure"
    assert clock_finding(datetime(2027, 1, 1, tzinfo=UTC)).level == "ok"


def test_functions_are_loaded_as_the_start_does(tmp_path):
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "own.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
    assert examine()["functions"]["message"] == "1 function(s) for assistants in functions."
    (folder / "broken.py").write_text("def add(:\n")
    checks = examine()
    assert "functions/broken.py: SyntaxError" in checks["functions"]["message"]
    # Which tools there are is not known: the assistants are not looked at.
    assert "assistants" not in checks


def test_assistants_are_read_as_the_start_does(tmp_path):
    file = tmp_path / "assistants.yaml"
    file.write_text("assistants:\n  - id: asst_one\n    name: 하나\n", "utf-8")
    assert examine()["assistants"]["message"] == "1 assistant(s) in assistants.yaml."
    file.write_text("assistants:\n  - id: one\n    tools: [web]\n", "utf-8")
    result = run("doctor", PORT="0")
    lines = [line for line in result.stdout.splitlines() if "assistants.yaml, line" in line]
    assert [line.partition("line ")[2][0] for line in lines] == ["2", "3"]


def test_knowledge_is_read_as_the_server_does(tmp_path):
    file = tmp_path / "assistants.yaml"
    said = "assistants:\n  - id: asst_one\n    tools: [file_search]\n    knowledge: [a.md, b.hwp]\n"
    file.write_text(said, "utf-8")
    (tmp_path / "a.md").write_text("hours", "utf-8")
    (tmp_path / "b.hwp").write_text("no such document", "utf-8")
    found = examine()["knowledge"]
    assert found["level"] == "warning"
    assert found["message"].startswith(
        "The knowledge file b.hwp of asst_one can't be read: The file is"
    )
    (tmp_path / "b.hwp").write_bytes((SAMPLES / "table.hwp").read_bytes())
    assert examine()["knowledge"]["message"].startswith("All 2 ")


def test_the_log_must_be_writable(tmp_path):
    assert str(tmp_path / "logs" / "app.log") in examine()["log"]["message"]
    (tmp_path / "logs").write_text("a file where the folder should be")
    assert examine()["log"]["level"] == "failure"
    assert examine(LOG_FILE="")["log"]["level"] == "ok"


def test_it_leaves_no_trace_in_the_log(caplog):
    with caplog.at_level(logging.WARNING):
        examine()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en_US.UTF-8", "The code interpreter is not offered: its Python environment is missing"),
        ("ko_KR.UTF-8", "코드를 실행할 Python 환경이 없어 코드 인터프리터를 제공하지 않습니다."),
    ],
)
def test_a_code_interpreter_without_its_environment_is_named(language, said):
    if lacking := fence.missing():
        pytest.skip(f"no sandbox here: {lacking}")
    checks = examine(LC_ALL=language, CODE_INTERPRETER="auto", CODE_INTERPRETER_PYTHON="/nowhere")
    assert checks["code_interpreter"]["level"] == "warning"
    assert checks["code_interpreter"]["message"].startswith(said)


def test_a_code_interpreter_that_is_off_is_fine():
    assert examine(CODE_INTERPRETER="off")["code_interpreter"]["level"] == "ok"
