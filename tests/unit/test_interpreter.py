"""Sessions of the code interpreter, in its real environment: what code can do and what it shows."""

import asyncio
import errno
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from app.interpreter import interpreter as interpreter_module
from app.interpreter import self_check
from app.interpreter.events import (
    Ended,
    InterpreterBusy,
    InterpreterError,
    MadeFile,
    NoRoom,
    Printed,
    Shown,
)
from app.interpreter.interpreter import Interpreter
from app.interpreter.session import Session
from tests.support.interpreters import (
    PATIENT,
    environment_at,
    once,
    require_interpreter,
    size_of_png,
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def interpreter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Interpreter]:
    """One for all tests here: starting it takes a second or more."""
    folder = tmp_path_factory.mktemp("interpreter")
    made = Interpreter(require_interpreter(), PATIENT, sessions=2, idle_seconds=600, folder=folder)
    await made.open()
    assert made.unavailable == ""
    yield made
    await made.close()
    assert [*folder.iterdir()] == []


@pytest.fixture
async def session(
    interpreter: Interpreter, request: pytest.FixtureRequest
) -> AsyncIterator[Session]:
    async with interpreter.session(request.node.name) as session:
        yield session


async def events_of(session: Session, code: str) -> list[Any]:
    async with aclosing(session.execute(code)) as events:
        return [event async for event in events]


async def printed(session: Session, code: str) -> str:
    """Run code that must succeed, and return what it printed."""
    events = await events_of(session, code)
    assert events[-1] == Ended("ok"), events
    return "".join(event.text for event in events if isinstance(event, Printed))


async def test_variables_stay_and_the_last_value_is_shown(session):
    assert session.fresh
    assert await printed(session, "x = 20\nprint('x is', x)") == "x is 20\n"
    assert not session.fresh
    assert await printed(session, "x + 1") == "21\n"
    assert await printed(session, "'text'") == "'text'\n"
    assert await printed(session, "x;") == ""
    assert await printed(session, "None") == ""
    assert await printed(session, "display('a', x)") == "a\n20\n"
    assert await printed(session, "def f():\n    return x\nf()") == "20\n"
    assert await printed(session, "") == ""


async def test_output_arrives_while_the_code_runs(session):
    async with aclosing(session.execute("print('now')\ninput_ = 0\nwhile True: pass")) as events:
        assert await anext(events) == Printed("now\n")


async def test_an_error_shows_the_lines_of_the_code(session):
    await printed(session, "def divide(a, b):\n    return a / b")
    [shown, ended] = await events_of(session, "divide(1, 0)")
    assert ended == Ended("error")
    assert shown.text.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "return a / b" in shown.text and "divide(1, 0)" in shown.text
    assert "site-packages" not in shown.text and "app/interpreter" not in shown.text
    [shown, ended] = await events_of(session, "import pandas\npandas.DataFrame({'a': [1]})['b']")
    assert "KeyError: 'b'" in shown.text and "site-packages" not in shown.text
    assert len(shown.text) < 300
    [shown, ended] = await events_of(session, "x = (")
    assert "SyntaxError" in shown.text and ended.how == "error"


async def test_the_exit_of_code_is_not_that_of_the_session(session):
    await printed(session, "x = 1\nimport sys\nsys.exit()")
    assert (await events_of(session, "sys.exit('why')"))[-1] == Ended("error")
    assert await printed(session, "x") == "1\n"


async def test_there_is_no_input(session):
    [_, shown, _] = await events_of(session, "input('name?')")
    assert "EOFError" in shown.text


async def test_commands_of_notebooks_are_left_out(session):
    text = await printed(session, "%matplotlib inline\n!pip install x\n1 + 1")
    assert "2 notebook commands" in text and text.endswith("2\n")
    assert await printed(session, "7 \\\n% 4") == "3\n"


async def test_files_are_at_mnt_data(session):
    name = await session.put(
        "매출.csv", once("월,금액\n1월,100\n2월,250\n".encode()), also="file-1"
    )
    assert name == "매출.csv"
    text = await printed(
        session,
        "import os, pandas as pd\n"
        "print(os.getcwd(), sorted(os.listdir('/mnt/data')))\n"
        "print(open('매출.csv').read() == open('/mnt/data/file-1').read())\n"
        "int(pd.read_csv('/mnt/data/매출.csv')['금액'].sum())",
    )
    assert text == "/mnt/data ['file-1', '매출.csv']\nTrue\n350\n"
    assert await session.changed() == []


@pytest.mark.parametrize(
    "code",
    [
        "import pathlib\npathlib.Path('/mnt/data/sub').mkdir()\n"
        "pathlib.Path('/mnt/data/sub/a.txt').write_text('12345')",
        "import os\nos.makedirs('/mnt/data/sub')\n"
        "with open('sub/a.txt', 'w') as f: f.write('12345')",
        "import os, shutil\nos.mkdir('sub')\nopen('/tmp/a', 'w').write('12345')\n"
        "shutil.copy2('/tmp/a', '/mnt/data/sub/a.txt')",
        "import os, shutil\nos.mkdir('sub')\nopen('/tmp/a', 'w').write('12345')\n"
        "shutil.move('/tmp/a', '/mnt/data/sub/a.txt')",
        "import os, tempfile\nos.mkdir('sub')\n"
        "with tempfile.NamedTemporaryFile('w', delete=False) as f: f.write('12345')\n"
        "os.replace(f.name, '/mnt/data/sub/a.txt')",
    ],
)
async def test_made_files_are_found_however_they_are_made(session, code):
    await printed(session, code)
    [file] = await session.changed()
    assert file == MadeFile("sub/a.txt", 5)
    assert await session.read(file) == b"12345"
    assert await session.changed() == []


async def test_what_sets_times_and_modes_needs_the_file(session):
    assert await printed(session, "import pathlib; pathlib.Path('new').touch()") == ""
    assert await session.changed() == [MadeFile("new", 0)]
    code = "import os, pathlib; pathlib.Path('new').touch(); os.chmod(path='new', mode=0o600)"
    assert await printed(session, code) == ""
    events = await events_of(session, "os.utime('none')")
    assert "FileNotFoundError" in events[0].text


async def test_changed_files_are_found_again_hidden_ones_and_second_names_never(session):
    await session.put("a.txt", once(b"1"), also="file-1")
    await printed(session, "open('/mnt/data/a.txt', 'a').write('2')\nopen('.hidden', 'w').close()")
    assert await session.changed() == [MadeFile("a.txt", 2)]
    await printed(session, "open('/mnt/data/file-1', 'a').write('3')")
    assert await session.changed() == [MadeFile("a.txt", 3)]


async def test_too_many_files_are_named(session):
    await printed(session, "for i in range(25): open(f'{i:02}.txt', 'w').write('x')")
    assert len(await session.changed()) == 20
    assert session.skipped == [f"{number}.txt" for number in range(20, 25)]


async def test_the_libraries_write_their_formats(session):
    await printed(
        session,
        "import sqlite3, numpy as np, pandas as pd\n"
        "df = pd.DataFrame({'이름': ['가', '나'], 'v': [1, 2]})\n"
        "df.to_excel('/mnt/data/a.xlsx', index=False)\n"
        "np.save('/mnt/data/a.npy', df['v'])\n"
        "with sqlite3.connect('/mnt/data/a.db') as c: df.to_sql('t', c)\n"
        "from PIL import Image; Image.new('RGB', (3, 2)).save('/mnt/data/a.png')",
    )
    made = [file.name for file in await session.changed()]
    assert made == ["a.db", "a.npy", "a.png", "a.xlsx"]
    text = await printed(session, "pd.read_excel('/mnt/data/a.xlsx')['이름'].sum()")
    assert text == "'가나'\n"
    assert await printed(session, "import scipy, sympy; sympy.sqrt(8)") == "2*sqrt(2)\n"


async def test_paths_are_printed_as_code_knows_them(session):
    text = await printed(
        session,
        "import os, tempfile, pathlib\n"
        "open('/mnt/data/a', 'w').close()\n"
        "print(pathlib.Path('a').resolve(), tempfile.gettempdir(), os.path.abspath('.'))\n"
        "print([e.path for e in os.scandir('/mnt/data')])\n"
        "os.write(1, os.readlink('/proc/self/cwd').encode() if False else b'')\n"
        "print(open('/mnt/data/a'))",
    )
    assert "/mnt/data/a /tmp /mnt/data\n['/mnt/data/a']\n" in text
    assert "threadkeeper" not in text


@pytest.mark.parametrize("place", ["/tmp", "/mnt/data"])
async def test_the_environment_may_be_inside_a_hidden_folder(tmp_path, monkeypatch, place):
    """A clone in /tmp, for example: libraries are imported late from there."""
    there = Path(place)
    if not os.access(there, os.W_OK):
        pytest.skip(f"{place} is not writable here")
    environment = require_interpreter()
    with tempfile.TemporaryDirectory(dir=there) as name:
        python = environment_at(Path(name, "environment"), environment.resolve(), environment)
        other = Interpreter(python, PATIENT, sessions=1, idle_seconds=600, folder=tmp_path)
        await other.open()
        assert other.unavailable == ""
        try:
            async with other.session("a") as session:
                code = "import scipy.stats, sympy, email.mime.text\nopen('/tmp/a', 'w').close()"
                assert await events_of(session, code) == [Ended("ok")]
                assert await printed(session, "import os; os.listdir('/tmp')") == "['a']\n"
        finally:
            await other.close()


async def test_figures_are_shown_in_order_with_korean_text(session):
    events = await events_of(
        session,
        "import matplotlib.pyplot as plt\n"
        "import warnings; warnings.simplefilter('error')\n"
        "print('one')\n"
        "plt.rcParams['font.family'] = 'Malgun Gothic'\n"
        "plt.title('월별 매출 −5'); plt.plot([1, 2]); plt.show()\n"
        "print('two')\n"
        "plt.rcParams['font.family'] = 'no such font'\n"
        "fig, ax = plt.subplots(); ax.set_title('열린 그림')\n"
        "print('three')",
    )
    first, second = (event for event in events if isinstance(event, Shown))
    # However the output was gathered.
    shown_at = [events.index(first), events.index(second)]
    printed_by = [
        "".join(event.text for event in part if isinstance(event, Printed))
        for part in (events[: shown_at[0]], events[shown_at[0] : shown_at[1]])
    ]
    assert printed_by == ["one\n", "two\nthree\n"] and events[-2:] == [second, Ended("ok")]
    for shown in (first, second):
        assert shown.media_type == "image/png"
        width, height = size_of_png(await session.read(shown))
        assert 300 < width < 2000 and 300 < height < 2000
    assert await printed(session, "plt.get_fignums()") == "[]\n"


@pytest.mark.parametrize(
    "code",
    [
        "import matplotlib.pyplot as plt\nf = plt.figure()\nf",
        "import matplotlib.pyplot as plt\ndisplay(plt.figure())",
        "import matplotlib.pyplot as plt\nplt.figure().show()",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "from matplotlib.figure import Figure\nFigure()",
        "from PIL import Image\nImage.new('CMYK', (20, 30))",
        "from PIL import Image\nImage.new('RGB', (20, 30)).show()",
        "import pandas as pd\npd.DataFrame({'a': [1, 2]}).plot();",
    ],
)
async def test_each_figure_or_image_is_shown_once(session, code):
    *_, shown, ended = await events_of(session, code)
    assert isinstance(shown, Shown) and ended == Ended("ok")
    assert await events_of(session, "1;") == [Ended("ok")]


async def test_a_figure_that_fails_is_an_error_once(session):
    events = await events_of(session, "import matplotlib.pyplot as plt\nplt.title('$\\\\frac{$')")
    assert events[-1] == Ended("error")
    assert await printed(session, "1") == "1\n"


async def test_a_table_is_shown_as_text(session):
    text = await printed(
        session, "import pandas as pd\npd.DataFrame({'도시': ['서울', '부산'], 'n': [1, 2]})"
    )
    assert text == "   도시  n\n0  서울  1\n1  부산  2\n"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\판매 실적.xlsx", "판매 실적.xlsx"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("a\nb\x00.csv", "a_b_.csv"),
        ("가" * 200 + ".csv", "가" * 65 + ".csv"),
    ],
)
async def test_names_of_files_are_made_safe(session, name, stored):
    assert await session.put(name, once(b"x")) == stored
    assert stored in await printed(session, "import os; os.listdir('.')")


async def test_a_second_file_of_a_name_gets_a_number(session):
    names = [await session.put("a.csv", once(b"x")) for _ in range(3)]
    assert names == ["a.csv", "a_2.csv", "a_3.csv"]


async def test_a_file_may_be_named_like_the_id_of_another(session):
    assert await session.put("file-b", once(b"a"), also="file-a") == "file-b"
    assert await session.put("b", once(b"b"), also="file-b") == "b"
    assert await printed(session, "open('b').read(), open('file-b').read()") == "('b', 'a')\n"


async def test_files_that_do_not_fit_are_refused(session):
    with pytest.raises(NoRoom, match="32 MiB"):
        await session.put("large", once(bytes(PATIENT.disk_bytes)))
    assert await printed(session, "import os; os.listdir('.')") == "[]\n"


async def test_a_file_whose_source_fails_is_not_there(session):
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await session.put("a", broken())
    assert await printed(session, "import os; os.listdir('.')") == "[]\n"


async def test_any_text_can_be_stored(session):
    code = "import os\nos.write(1, b'\\0 \\xff \\xea\\xb0')\nraise ValueError('\\0 \\ud800')"
    *printed, ended = await events_of(session, code)
    text = "".join(event.text for event in printed)
    assert ended == Ended("error")
    assert text.startswith("\ufffd \ufffd \ufffd") and "ValueError: \ufffd" in text
    assert text.encode() and "\0" not in text


async def test_a_cancelled_start_leaves_nothing(interpreter):
    async def use() -> None:
        async with interpreter.session("cancelled"):
            raise AssertionError

    for pause in (0, 0.001, 0.005, 0.01, 0.02):
        starting = asyncio.create_task(use())
        await asyncio.sleep(pause)
        starting.cancel()
        with pytest.raises((asyncio.CancelledError, AssertionError)):
            await starting
    assert not interpreter._in_use
    async with interpreter.session("cancelled") as session:
        assert await printed(session, "1") == "1\n"


async def test_sessions_differ(interpreter):
    async with interpreter.session("one") as one, interpreter.session("two") as two:
        await printed(one, "x = 1; open('/mnt/data/a', 'w').close()")
        assert (await events_of(two, "x"))[-1] == Ended("error")
        assert await printed(two, "import os; os.listdir('/mnt/data')") == "[]\n"
        code = "import random, numpy; (random.random(), numpy.random.rand())"
        assert await printed(one, code) != await printed(two, code)


async def test_the_session_unused_for_longest_makes_room(interpreter):
    for key in ("one", "two", "one", "three"):
        async with interpreter.session(key) as session:
            await printed(session, "x = 1")
    assert [interpreter.has(key) for key in ("one", "two", "three")] == [True, False, True]
    async with interpreter.session("one") as session:
        assert not session.fresh
    async with interpreter.session("two") as session:
        assert session.fresh


async def test_when_all_are_in_use_one_waits_a_while(interpreter, monkeypatch):
    monkeypatch.setattr(interpreter_module, "_WAITS", 0.05)
    async with interpreter.session("one"), interpreter.session("two"):
        with pytest.raises(InterpreterBusy):
            async with interpreter.session("three"):
                pass
        with pytest.raises(InterpreterBusy):
            async with interpreter.session("one"):
                pass
    monkeypatch.setattr(interpreter_module, "_WAITS", 30)
    async with interpreter.session("one"):
        waiting = asyncio.create_task(_use(interpreter, "one"))
        await asyncio.sleep(0)
    await waiting


async def _use(interpreter: Interpreter, key: str) -> None:
    async with interpreter.session(key) as session:
        assert await printed(session, "1") == "1\n"


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "too many open files"), ValueError("x")])
async def test_code_that_can_not_be_watched_is_ended(session, monkeypatch, caplog, error):
    def fail() -> str:
        raise error

    monkeypatch.setattr(session, "_excess", fail)
    *_, ended = await events_of(session, "while True: pass")
    assert (ended.how, session.alive) == ("died", False)
    assert "can't be watched" in caplog.text


async def test_a_session_that_died_is_replaced(interpreter):
    async with interpreter.session("one") as session:
        await printed(session, "x = 1; open('/mnt/data/a', 'w').write('x')")
        ended = (await events_of(session, "import os; os._exit(3)"))[-1]
        assert ended.how == "died" and "exit status 3" in ended.note
        # What it made can still be read.
        [file] = await session.changed()
        assert await session.read(file) == b"x"
        assert not session.alive
    assert not interpreter.has("one")
    async with interpreter.session("one") as session:
        assert session.fresh
        assert (await events_of(session, "x"))[-1] == Ended("error")


def _processes() -> list[int]:
    """Return the zygote and its sessions."""
    [zygote] = [
        int(pid)
        for thread in Path("/proc/self/task").iterdir()
        for pid in (thread / "children").read_text().split()
        if b"zygote" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    sessions = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
    return [zygote, *map(int, sessions)]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_signals_that_stop_a_server_do_not_end_code(interpreter, sent):
    # systemd sends them to all processes of a service, PM2 to all children.
    async with interpreter.session("one") as session:
        await printed(session, "x = 'still here'")
        for pid in _processes():
            os.kill(pid, sent)
        assert await printed(session, "print(x)") == "still here\n"
        assert not session.fresh
    await _use(interpreter, f"after {sent.name}")


async def test_unused_sessions_end_and_then_the_zygote(tmp_path):
    interpreter = Interpreter(
        require_interpreter(), PATIENT, sessions=2, idle_seconds=0.05, folder=tmp_path
    )
    await interpreter.open()
    try:
        async with interpreter.session("one") as session:
            await printed(session, "x = 1")
            assert interpreter.has("one")
        until = time.monotonic() + 30
        while interpreter.has("one") or [*tmp_path.iterdir()]:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
        await _use(interpreter, "one")
    finally:
        await interpreter.close()
    assert [*tmp_path.iterdir()] == []


async def test_an_interpreter_that_is_off_says_so(tmp_path):
    off = Interpreter(None, PATIENT, sessions=1, idle_seconds=600, folder=tmp_path, off=True)
    await off.open()
    assert off.unavailable == "The code interpreter is off (CODE_INTERPRETER=off)."
    with pytest.raises(InterpreterError, match="CODE_INTERPRETER=off"):
        async with off.session("a"):
            pass
    await off.close()


async def test_without_its_environment_it_is_off(tmp_path, caplog):
    for python in (None, Path("/nowhere/python")):
        interpreter = Interpreter(python, PATIENT, sessions=1, idle_seconds=600, folder=tmp_path)
        await interpreter.open()
        assert "environment is missing" in interpreter.unavailable
        await interpreter.close()
    assert "the code interpreter is off" in caplog.text


async def test_without_room_for_its_folder_the_server_starts_and_code_does_not(
    tmp_path, monkeypatch, caplog
):
    nowhere = tmp_path / "nowhere"
    made = Interpreter(require_interpreter(), PATIENT, sessions=1, idle_seconds=600, folder=nowhere)
    await made.open()
    with pytest.raises(InterpreterError, match="could not start"):
        async with made.session("a"):
            pass
    assert "nowhere" in caplog.text
    nowhere.mkdir()
    async with made.session("a") as session:
        assert await printed(session, "1") == "1\n"
    await made.close()
    # The check needs a folder as well.
    monkeypatch.setattr(self_check, "_known", {})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere else"))
    await made.open()
    assert "self-check could not be run" in made.unavailable
    await made.close()
