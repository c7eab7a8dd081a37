"""Secrets are encrypted with a key that is not in the database."""

import stat
import sys

import pytest

from app.core.sealing import Sealer, SealingError, is_key, new_key

KEY = "V2iUIASAXiadqSsihRDpN2eSRY20C7EF7Bj9j_pj0Y8="


@pytest.fixture
def env_file(tmp_path):
    return tmp_path / ".env"


def test_a_secret_can_be_opened_again():
    sealer = Sealer(new_key())
    sealed = sealer.seal("action_1", "s3cret 한")
    assert "s3cret" not in sealed
    assert sealer.open("action_1", sealed) == "s3cret 한"
    assert sealer.seal("action_1", "s3cret 한") != sealed


def test_a_secret_is_bound_to_its_owner():
    sealer = Sealer(new_key())
    with pytest.raises(SealingError, match="another object"):
        sealer.open("action_2", sealer.seal("action_1", "x"))


@pytest.mark.parametrize("sealed", ["", "x", "gAAAAA", "한"])
def test_what_was_not_encrypted_with_the_key_is_refused(sealed):
    with pytest.raises(SealingError, match="SECRETS_KEY"):
        Sealer(new_key()).open("action_1", sealed)


def test_another_key_opens_nothing():
    sealed = Sealer(new_key()).seal("action_1", "x")
    with pytest.raises(SealingError, match="SECRETS_KEY"):
        Sealer(new_key()).open("action_1", sealed)


@pytest.mark.parametrize("before", ["", "PORT=1", "PORT=1\n", "SECRETS_KEY=\n"])
def test_a_key_is_added_to_the_file_with_the_first_secret(env_file, before):
    if before:
        env_file.write_text(before)
        env_file.chmod(0o644)
    sealed = Sealer("", env_file).seal("action_1", "x")
    text = env_file.read_text()
    assert text.startswith(before)
    last = text.splitlines()[-1]
    assert is_key(last.removeprefix("SECRETS_KEY="))
    if sys.platform != "win32":
        assert stat.S_IMODE(env_file.stat().st_mode) & stat.S_IRWXO == 0
    # Another process, and this one after a restart, read the same.
    assert Sealer("", env_file).open("action_1", sealed) == "x"
    assert env_file.read_text() == text


def test_without_a_secret_nothing_is_written(env_file):
    Sealer("", env_file)
    assert not env_file.exists()


def test_a_file_that_can_not_be_written_is_an_error_with_the_line_to_add(tmp_path):
    with pytest.raises(SealingError, match=r"add this line to \.env") as failed:
        Sealer("", tmp_path / "none" / ".env").seal("action_1", "x")
    [line] = [one for one in str(failed.value).splitlines() if one.startswith("SECRETS_KEY=")]
    assert is_key(line.removeprefix("SECRETS_KEY="))


def test_a_wrong_key_in_the_file_is_refused(env_file):
    env_file.write_text("SECRETS_KEY=short\n")
    with pytest.raises(SealingError, match="32 bytes"):
        Sealer("", env_file).seal("action_1", "x")


@pytest.mark.parametrize(("text", "valid"), [(KEY, True), ("", False), ("x", False), ("한", False)])
def test_what_a_key_is(text, valid):
    assert is_key(text) is valid
