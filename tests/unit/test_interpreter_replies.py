"""Code that lies to the server, or breaks what the interpreter needs of Python.

After each, the server and other sessions go on. As root and as a plain user.
"""

import pytest

from tests.support.interpreters import keeps_variables, ran

pytestmark = pytest.mark.usefixtures("other_session")


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stdout = None; print('x')",
        "import sys; sys.stdout.close(); sys.stderr = 5",
        "import sys, io; sys.stdout = io.StringIO(); print('x' * 10**6)",
        "import builtins; builtins.print = None",
        "import os; os.close(0); os.close(2)",
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)",
        "import os; os.chdir('/')",
        "import sys; sys.modules.clear()",
        "import gc; gc.collect()",
    ],
)
def test_a_session_survives_what_code_breaks_of_python(interpreter_process, key, code):
    ran(interpreter_process, code, key)
    assert keeps_variables(interpreter_process, key) or "builtins" in code or "modules" in code


@pytest.mark.parametrize(
    "reply",
    [
        "x",
        "[]",
        '{"number": 2}',
        '{"number": 2, "ended": "fine"}',
        '{"number": 2, "ended": ["ok"]}',
        '{"number": 2, "ended": "error", "traceback": 5}',
        '{"number": 2, "shown": "../data/secret", "after": 0}',
        '{"number": 2, "shown": "/etc/passwd", "after": 0}',
        '{"number": 2, "shown": "1.png/../../x", "after": 0}',
        '{"number": 2, "shown": "1.png"}',
        '{"number": 2, "shown": "1.png", "after": "0"}',
        "[" * 50_000,
        '{"number": ' + "9" * 5000 + "}",
        "\xff\x00",
    ],
)
def test_a_forged_reply_ends_the_session(interpreter_process, key, reply):
    code = f"import os, time\nos.write(4, {reply!r}.encode('latin-1') + b'\\n')\ntime.sleep(1000)"
    answer = ran(interpreter_process, code, key)
    assert answer["how"] == "died" and "sent an invalid reply" in answer["note"]
    assert not keeps_variables(interpreter_process, key)


@pytest.mark.parametrize(
    "code",
    [
        "import os\nwhile True: os.write(4, b'x' * 60_000)",
        "import os\n"
        'shown = b\'{"number": 2, "shown": "1.png", "after": 0}\\n\'\n'
        "while True: os.write(4, shown * 100)",
        "import os\nwhile True: os.write(4, b'{}\\n' * 1000)",
    ],
)
def test_endless_replies_end_the_session(interpreter_process, key, code):
    answer = ran(interpreter_process, code, key)
    assert answer["how"] == "died" and "sent an invalid reply" in answer["note"]


def test_a_session_that_claims_to_have_ended_stops_only_itself(interpreter_process, key):
    answer = ran(
        interpreter_process,
        'import os\nos.write(4, b\'{"number": 2, "ended": "ok"}\\n\')\nwhile True: pass',
        key,
    )
    assert answer["how"] == "ok"
    # Its next code waits until the loop has used up its time.
    assert keeps_variables(interpreter_process, key)


def test_a_reply_for_another_call_is_ignored(interpreter_process, key):
    code = 'import os\nos.write(4, b\'{"number": 1, "ended": "ok"}\\n\')\nprint(\'still\')'
    assert ran(interpreter_process, code, key)["printed"] == "still\n"


@pytest.mark.parametrize(
    "make",
    [
        "pass",
        "open(path, 'w').write('no image')",
        "os.mkdir(path)",
        "open(path, 'wb').truncate(30 * 2**20)",
    ],
)
def test_a_figure_that_is_none_is_not_read(interpreter_process, key, make):
    code = (
        "import os, matplotlib\n"
        f"path = '../shown/9.png'\n{make}\n"
        'os.write(4, b\'{"number": 2, "shown": "9.png", "after": 0}\\n\')'
    )
    answer = ran(interpreter_process, code, key)
    assert answer["shown"] == [None]
