"""All servers of a database have the same SECRETS_KEY."""

import pytest

from app.core.sealing import Sealer, new_key
from app.db.database import Database
from app.db.notification_rows import NotificationTargetRow
from app.db.notifications import create_target, remove_target
from app.domain.errors import InvalidRequest, StartError
from app.services.secrets_key import check_secrets_key, claim_secrets_key

pytestmark = pytest.mark.anyio

KEY = new_key()


@pytest.fixture
def database(database_url):
    opened = Database(database_url, pool_size=1, timeout=10)
    yield opened
    opened.close()


@pytest.fixture
def env_file(tmp_path):
    return tmp_path / ".env"


async def store(database, sealer):
    """Store a secret as a server does."""

    def stored(connection):
        claim_secrets_key(connection, sealer)
        target = NotificationTargetRow(
            id="ntft_1",
            created_at=1,
            project="default",
            type="webhook",
            address="https://shop.example.com/hook",
            language="en",
            console_url="https://chat.example.com/console",
            enabled=True,
            events=["handover.requested"],
            secret=sealer.seal("ntft_1", "whsec_AAAA"),
        )
        create_target(connection, target)

    await database.transaction(stored)


async def test_a_server_with_another_key_does_not_start(database, env_file):
    ours, theirs = Sealer(KEY, env_file), Sealer(new_key(), env_file)
    # As long as there is no secret, any key will do, and none is needed.
    for sealer in (ours, theirs, Sealer("", env_file)):
        await check_secrets_key(database, sealer, lost=False)
    await store(database, ours)
    await check_secrets_key(database, ours, lost=False)
    env_file.write_text(f"SECRETS_KEY={KEY}\n")
    await check_secrets_key(database, Sealer("", env_file), lost=False)
    env_file.unlink()
    for sealer, here in ((theirs, "is another one here"), (Sealer("", env_file), "is not set")):
        with pytest.raises(StartError, match=f"SECRETS_KEY which {here}"):
            await check_secrets_key(database, sealer, lost=False)
    assert not env_file.exists()


async def test_a_running_server_with_another_key_stores_no_secret(database, env_file):
    await store(database, Sealer(KEY, env_file))
    with pytest.raises(InvalidRequest, match="another SECRETS_KEY"):
        await store(database, Sealer(new_key(), env_file))
    await database.transaction(remove_target, "default", "ntft_1")
    # Nothing is left that only the other key decrypts.
    await store(database, Sealer(new_key(), env_file))


async def test_a_lost_key_is_given_up_on_request(database, env_file):
    await store(database, Sealer(KEY, env_file))
    new = Sealer(new_key(), env_file)
    await check_secrets_key(database, new, lost=True)
    await check_secrets_key(database, new, lost=False)
    with pytest.raises(StartError):
        await check_secrets_key(database, Sealer(KEY, env_file), lost=False)
