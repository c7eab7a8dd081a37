"""Log lines: one form, one line per record, whatever is in it."""

import logging
import re

import pytest

from app.core.logging import FILE_BACKUPS, FILE_BYTES, configure_logging, in_request

LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "openai", "httpx", "aiohttp")


@pytest.fixture(autouse=True)
def _own_logging():
    """Give the test a root logger of its own: pytest's handlers return unharmed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(name).propagate = True


@pytest.fixture
def lines(capsys):
    """Return the console's lines since the last call, without their time."""

    def read() -> list[str]:
        return [line.partition("Z ")[2] for line in capsys.readouterr().err.splitlines()]

    return read


def test_a_line_has_time_level_event_and_fields(capsys):
    configure_logging("INFO", "")
    fields = {"method": "GET", "status": 200, "run": None}
    with in_request("req_1"):
        logging.getLogger("app.request").info("request", extra={"fields": fields})
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO request"
        r" request_id=req_1 method=GET status=200 run=None logger=app\.request\n",
        capsys.readouterr().err,
    )


def test_libraries_speak_in_the_same_form(lines):
    configure_logging("INFO", "")
    logging.getLogger("uvicorn.error").info("Started %s", "now")
    assert lines() == ['INFO "Started now" logger=uvicorn.error']


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR"])
def test_levels_are_capitals_and_lesser_ones_are_left_out(lines, level):
    configure_logging(level, "")
    log = logging.getLogger("app")
    for method in ("debug", "info", "warning", "error"):
        getattr(log, method)("x")
    reported = [line.partition(" ")[0] for line in lines()]
    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    assert reported == levels[levels.index(level) :]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("안녕하세요", "안녕하세요"),
        ("안녕 세상", '"안녕 세상"'),
        ("", '""'),
        ("a\nb", r'"a\nb"'),
        ("x\r\n2026-01-01T00:00:00.000Z INFO fake", r'"x\r\n2026-01-01T00:00:00.000Z INFO fake"'),
        ("1 status=500", '"1 status=500"'),
        ("status=500", '"status=500"'),
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("\x1b[31mred", r'"\x1b[31mred"'),
        ("line\u2028separator", r'"line\u2028separator"'),
        ("next\x85line", r'"next\x85line"'),
        ("right\u202eleft", r'"right\u202eleft"'),
        ("half \ud83d", r'"half \ud83d"'),
        ({"a": 1}, "\"{'a': 1}\""),
        (3.5, "3.5"),
    ],
)
def test_no_value_leaves_its_field(lines, tmp_path, value, shown):
    configure_logging("INFO", str(tmp_path / "app.log"))
    logging.getLogger("app").info("event", extra={"fields": {"value": value}})
    logging.getLogger("library").info(value)
    expected = [f"INFO event value={shown} logger=app", f"INFO {shown} logger=library"]
    assert lines() == expected
    in_file = (tmp_path / "app.log").read_text("utf-8").split("\n")
    assert [line.partition("Z ")[2] for line in in_file] == [*expected, ""]


def test_an_exception_is_one_field_of_its_line(lines):
    configure_logging("INFO", "")
    try:
        raise ValueError("잘못\n된 값")
    except ValueError:
        logging.getLogger("app").exception("failed", extra={"fields": {"run_id": "run_1"}})
        logging.getLogger("library").exception("failed too")
    ours, theirs = lines()
    assert ours.startswith(
        r'ERROR failed run_id=run_1 logger=app exception="Traceback (most recent call last):\n'
    )
    assert ours.endswith(r'ValueError: 잘못\n된 값"')
    assert theirs.startswith('ERROR "failed too" logger=library exception="Traceback')


def test_the_file_is_made_with_its_folder_and_says_the_same(capsys, tmp_path):
    file = tmp_path / "deep" / "logs" / "app.log"
    configure_logging("INFO", str(file))
    logging.getLogger("app").info("시작")
    assert file.read_text("utf-8") == capsys.readouterr().err != ""
    handler = logging.getLogger().handlers[1]
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    assert (handler.maxBytes, handler.backupCount) == (FILE_BYTES, FILE_BACKUPS)


def test_a_file_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OSError, match="taken"):
        configure_logging("INFO", str(tmp_path / "taken" / "app.log"))


def test_the_last_configuration_counts(lines, tmp_path):
    configure_logging("DEBUG", str(tmp_path / "first.log"))
    log = logging.getLogger("app")
    log.debug("first")
    configure_logging("INFO", "")
    log.debug("left out")
    log.info("second")
    assert lines() == ["DEBUG first logger=app", "INFO second logger=app"]
    assert (tmp_path / "first.log").read_text("utf-8").count("\n") == 1


@pytest.mark.parametrize("name", ["openai", "httpx", "httpx2", "httpcore.http11", "aiohttp.client"])
def test_transports_keep_urls_to_themselves_unless_debugging(lines, name):
    configure_logging("INFO", "")
    logging.getLogger(name).info("GET https://host/?key=secret")
    assert lines() == []
    configure_logging("DEBUG", "")
    logging.getLogger(name).info("GET https://host/")
    assert lines() == [f'INFO "GET https://host/" logger={name}']


def test_handlers_of_the_uvicorn_command_give_way(lines):
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).addHandler(logging.StreamHandler())
        logging.getLogger(name).propagate = False
    logging.getLogger("uvicorn.error").setLevel("INFO")
    configure_logging("WARNING", "")
    logging.getLogger("uvicorn.error").info("left out")
    logging.getLogger("uvicorn.error").warning("logged once")
    assert lines() == ['WARNING "logged once" logger=uvicorn.error']
    assert not logging.getLogger("uvicorn.access").hasHandlers()
