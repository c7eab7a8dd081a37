"""Encrypts secrets that are stored in the database, with a key that is not in it."""

import base64
import binascii
import hashlib
import json
import logging
import os
import secrets
import stat
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.env_file import ENV_FILE, env_file_values

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

logger = logging.getLogger(__name__)

_KEY_BYTES = 32
SETTING = "SECRETS_KEY"


class SealingError(Exception):
    """A secret can't be encrypted or decrypted; the message says what to do."""


def new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def is_key(text: str) -> bool:
    """Return whether a text is such a key: 32 bytes in URL-safe Base64."""
    try:
        return len(base64.urlsafe_b64decode(text.encode("ascii"))) == _KEY_BYTES
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return False


class Sealer:
    """Encrypts and decrypts secrets, each bound to the object that it belongs to."""

    def __init__(self, key: str, env_file: Path = ENV_FILE) -> None:
        """`key` is the setting; if it is empty, the key is read from or added to `env_file`."""
        self._key = key
        self._env_file = env_file

    def seal(self, owner: str, secret: str) -> str:
        """Encrypt a secret of `owner`, an id. Raises `SealingError`."""
        content = json.dumps([owner, secret]).encode()
        return self._fernet.encrypt(content).decode()

    def open(self, owner: str, sealed: str) -> str:
        """Decrypt a secret of `owner`. Raises `SealingError`."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415

        try:
            of, secret = json.loads(self._fernet.decrypt(sealed.encode()))
        except (InvalidToken, UnicodeEncodeError) as error:
            raise SealingError(
                f"the secret can't be decrypted: {SETTING} is not the one with which it was "
                "stored. Set that one, or enter the secret again"
            ) from error
        if of != owner:
            raise SealingError("the secret belongs to another object. Enter it again")
        return str(secret)

    @property
    def fingerprint(self) -> str | None:
        """What tells whether two servers have the same key, and nothing about it; None: no key.

        Makes no key. Raises nothing if the file can't be read: then there is none.
        """
        key = self.__dict__.get("_used") or self._key
        if not key:
            try:
                key = env_file_values(self._env_file).get(SETTING, "")
            except (OSError, UnicodeDecodeError):
                return None
        if not is_key(key):
            return None
        return hashlib.sha256(b"fingerprint of " + base64.urlsafe_b64decode(key)).hexdigest()[:32]

    @cached_property
    def _used(self) -> str:
        return self._key or self._kept()

    @cached_property
    def _fernet(self) -> "Fernet":
        # Imported late: most servers store no secrets, and it takes 30 ms.
        from cryptography.fernet import Fernet  # noqa: PLC0415

        return Fernet(self._used.encode())

    def _kept(self) -> str:
        """Return the key in the file, which is made if there is none. Raises `SealingError`."""
        try:
            known = env_file_values(self._env_file).get(SETTING, "") or _added(self._env_file)
        except (OSError, UnicodeDecodeError) as error:
            raise SealingError(
                f"secrets are stored encrypted, and there is no key for it: add this line to .env, "
                f"and restart the server:\n{SETTING}={new_key()}\n"
                f"(it could not be added: {error})"
            ) from error
        if not is_key(known):
            raise SealingError(f"{SETTING} in .env must be 32 bytes in URL-safe Base64")
        return known


def _added(env_file: Path) -> str:
    """Add a new key to the file, and close it to other users of this machine.

    If another process adds one at the same time, that one is returned. Raises `OSError`.
    """
    descriptor = os.open(env_file, os.O_RDWR | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR)
    with open(descriptor, "r+b") as file:
        _lock(descriptor)
        known = env_file_values(env_file).get(SETTING, "")
        if known:
            return known
        key, before = new_key(), file.read()
        line = f"{SETTING}={key}\n"
        file.write((b"" if before.endswith(b"\n") or not before else b"\n") + line.encode())
        file.flush()
        os.fsync(descriptor)
        mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
        if sys.platform != "win32" and mode & stat.S_IRWXO:
            env_file.chmod(mode & ~stat.S_IRWXO)
    logger.info("%s was added to .env: keep it, stored secrets can't be read without it", SETTING)
    return key


def _lock(descriptor: int) -> None:
    """Let one process at a time add a key. Closing the file unlocks it."""
    if sys.platform != "win32":
        import fcntl  # noqa: PLC0415

        fcntl.flock(descriptor, fcntl.LOCK_EX)
