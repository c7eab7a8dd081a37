"""What the server does with files of code: it follows no link, and removes everything."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.interpreter import run_folder
from app.interpreter import zygote as zygote_module
from app.interpreter.events import MadeFile, Printed, Unreadable
from app.interpreter.folder import OverLimit, SessionFolder
from app.interpreter.interpreter import Interpreter
from app.interpreter.removal import remove_folder
from tests.support.interpreters import NOBODY, PATIENT, driver, once, require_interpreter
from tests.support.waiting import wait_until

DISK = 1 << 20


@pytest.fixture
async def folder(tmp_path: Path) -> SessionFolder:
    made = SessionFolder(tmp_path / "session", DISK)
    await made.open()
    return made


@pytest.fixture
def data(folder: SessionFolder, tmp_path: Path) -> Iterator[Path]:
    """The folder of code, to which the sandbox's refusals don't apply here; and a database."""
    (tmp_path / "database").write_text("secret")
    yield folder.path / "data"
    folder.close()
    assert (tmp_path / "database").read_text() == "secret"


async def test_links_out_of_the_folder_are_not_followed(folder, data, tmp_path):
    (data / "link").symlink_to(tmp_path / "database")
    (data / "folder").symlink_to(tmp_path)
    (data / "up").symlink_to("..")
    assert await folder.changed() == []
    for name in (
        "link",
        "folder/database",
        "up/shown",
        "../../database",
        "/etc/passwd",
        "",
        "a//b",
    ):
        with pytest.raises(Unreadable):
            await folder.read_made(MadeFile(name, 6))


async def test_a_file_that_is_put_back_gets_its_folders(folder, data):
    names = ["연도/2026/x.csv", "연도/2026/x.csv", "../x.csv", "/etc/x.csv", "a//x.csv"]
    put = [await folder.put(name, once(b"a"), "", with_folders=True) for name in names]
    # Where a name leads elsewhere, its folders are left out.
    assert put == ["연도/2026/x.csv", "연도/2026/x_2.csv", "x.csv", "x_2.csv", "x_3.csv"]
    assert all((data / name).read_bytes() == b"a" for name in put)
    assert await folder.changed() == []


async def test_what_is_not_a_regular_file_is_not_opened(folder, data):
    os.mkfifo(data / "fifo")
    (data / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as named:
        named.bind(str(data / "socket"))
    assert await folder.changed() == []
    for name in ("fifo", "folder", "socket", "a\0b"):
        with pytest.raises(Unreadable):
            await folder.read_made(MadeFile(name, 0))


async def test_a_file_that_became_something_else_is_not_read(folder, data):
    (data / "a").write_text("x")
    [file] = await folder.changed()
    (data / "a").unlink()
    os.mkfifo(data / "a")
    with pytest.raises(Unreadable):
        await folder.read_made(file)


async def test_names_that_can_not_be_written_are_skipped(folder, data):
    for name in (b"\xff\xfe", b"a\nb", b"fine"):
        (data / os.fsdecode(name)).write_text("x")
    assert await folder.changed() == [MadeFile("fine", 1)]
    assert len(folder.skipped) == 2
    assert all(name.encode() for name in folder.skipped)


async def test_the_size_of_everything_counts(folder, data):
    for place in ("data", "tmp", "shown"):
        (folder.path / place / "file").write_bytes(bytes(DISK // 3))
    with pytest.raises(OverLimit, match="1 MiB"):
        folder.check()


async def test_a_sparse_file_counts_as_what_it_takes(folder, data):
    with (data / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    folder.check()
    assert await folder.changed() == []
    assert folder.skipped == ["sparse"]


async def test_sparse_files_and_hard_links_are_taken_over_up_to_the_limit(folder, data):
    for name in ("a", "b", "c"):
        with (data / name).open("wb") as file:
            file.truncate(DISK // 2)
    (data / "d").hardlink_to(data / "a")
    assert await folder.changed() == [MadeFile("a", DISK // 2), MadeFile("b", DISK // 2)]
    assert folder.skipped == ["c", "d"]


async def test_a_path_that_is_too_long_is_skipped(folder, data):
    place = data
    for _ in range(5):
        place /= "가" * 80
        place.mkdir()
    (place / "a").touch()
    (place.parent / "b").touch()
    made = await folder.changed()
    assert [file.name[-2:] for file in made] == ["/b"] and len(folder.skipped) == 1


@pytest.mark.parametrize(("mode", "depth"), [(0o000, 10), (0o300, 10), (0o700, 1100)])
def test_a_folder_is_removed_however_deep_and_closed_it_is(tmp_path, mode, depth):
    top = tmp_path / "top"
    top.mkdir()
    (top / ".removed-1").mkdir()
    current = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=current)
        deeper = os.open("d", os.O_RDONLY, dir_fd=current)
        os.close(os.open("file", os.O_CREAT, 0, dir_fd=current))
        os.fchmod(current, mode | 0o500 if os.getuid() else mode)
        os.close(current)
        current = deeper
    os.close(current)
    remove_folder(top)
    assert [*tmp_path.iterdir()] == []
    remove_folder(top)


def test_links_in_a_folder_are_removed_and_not_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    top = tmp_path / "top"
    (top / "inner").mkdir(parents=True)
    for place in (top, top / "inner"):
        (place / "link").symlink_to(kept)
        (place / "hard").hardlink_to(kept / "file")
    remove_folder(top)
    assert (kept / "file").read_text() == "x"
    top.symlink_to(kept)
    with pytest.raises(OSError):
        remove_folder(top)


def test_what_a_killed_server_left_is_removed_by_the_next(tmp_path, monkeypatch):
    left, lock = run_folder.make(tmp_path)
    (left / "1").mkdir()
    in_use, other_lock = run_folder.make(tmp_path)
    os.close(lock)
    # Young ones may be about to be locked.
    run_folder.sweep(tmp_path)
    assert left.exists()
    monkeypatch.setattr(run_folder, "_NEW", -60)
    run_folder.sweep(tmp_path)
    assert [*tmp_path.iterdir()] == [in_use]
    os.close(other_lock)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_folders_of_other_users_are_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "_NEW", -60)
    left, lock = run_folder.make(tmp_path)
    os.close(lock)
    os.chown(left, NOBODY, NOBODY)
    run_folder.sweep(tmp_path)
    assert left.exists()


def test_if_the_server_is_killed_its_sessions_end_and_their_files_are_removed(tmp_path):
    require_interpreter()
    code = "import os, time\nprint(os.getpid(), os.getppid())\nopen('/mnt/data/a', 'w').close()"
    with pytest.raises(BrokenPipeError), driver(tmp_path) as running:
        session, zygote = map(int, running.run(code)["printed"].split())
        assert [*tmp_path.iterdir()]
        os.kill(running.pid, signal.SIGKILL)
        wait_until(lambda: not [*tmp_path.iterdir()])
        for process in (session, zygote):
            wait_until(partial(_has_ended, process))
        raise BrokenPipeError


def test_if_the_zygote_is_killed_the_next_call_starts_another(tmp_path):
    require_interpreter()
    with driver(tmp_path) as running:
        zygote = int(running.run("import os; os.getppid()")["printed"])
        os.kill(zygote, signal.SIGKILL)
        wait_until(partial(_has_ended, zygote))
        # Until the server has noticed, a call fails.
        until = time.monotonic() + 30
        while (answer := running.run("1 + 1"))["how"] != "ok":
            assert answer["how"] == "died" and time.monotonic() < until
        assert answer["printed"] == "2\n" and answer["fresh"]
    assert [*tmp_path.iterdir()] == []


async def test_a_zygote_that_hangs_does_not_keep_the_server_from_stopping(tmp_path, monkeypatch):
    """It is swapped out, for example; each session would wait for it as long as this."""
    made = Interpreter(
        require_interpreter(), PATIENT, sessions=4, idle_seconds=600, folder=tmp_path
    )
    await made.open()
    for key in "abcd":
        async with made.session(key):
            pass
    async with made.session("a") as session:
        code = "import os; print(os.getppid())"
        events = [event async for event in session.execute(code)]
    os.kill(int("".join(e.text for e in events if isinstance(e, Printed))), signal.SIGSTOP)
    monkeypatch.setattr(zygote_module, "_ENDS", 4.0)
    started = time.monotonic()
    await made.close()
    # Sessions and zygote: two times that long, not five.
    assert time.monotonic() - started < 18


def _has_ended(process: int) -> bool:
    """Return whether the process is gone, or a zombie that its parent has yet to reap."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in "ZX"
