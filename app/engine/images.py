"""Pictures that are kept here, for a model that is elsewhere: sent along with the request."""

import logging
import mimetypes
from base64 import b64encode
from collections.abc import Iterable

from app.core.object_store import ObjectStore, StorageError, file_key
from app.db import files
from app.db.database import Database
from app.domain.errors import NotFound
from app.schemas.files import FileObject
from app.schemas.messages import Said

logger = logging.getLogger(__name__)

# OpenAI takes no larger picture; it is read whole.
_MAX_BYTES = 20 * 1024 * 1024


class Images:
    """Reads the pictures that messages name by a file's id."""

    def __init__(self, database: Database, store: ObjectStore) -> None:
        self._database = database
        self._store = store

    async def of(self, project: str, messages: Iterable[Said]) -> dict[str, str]:
        """Return data URLs by file id. A file that the project has not here is the upstream's."""
        named = {
            part["image_file"]["file_id"]: None
            for message in messages
            for part in message.content
            if part["type"] == "image_file"
        }
        urls = {file_id: await self._data_url(project, file_id) for file_id in named}
        return {file_id: url for file_id, url in urls.items() if url is not None}

    async def _data_url(self, project: str, file_id: str) -> str | None:
        try:
            file: FileObject = await self._database.read(files.retrieve, project, file_id)
            if file.bytes > _MAX_BYTES:
                logger.warning("picture %s is too large for the model", file_id)
                return None
            content = await self._store.read_whole(file_key(file_id))
        except NotFound:
            return None
        except StorageError:
            logger.exception("picture %s could not be read", file_id)
            return None
        kind = mimetypes.guess_type(file.filename)[0] or "image/png"
        return f"data:{kind};base64,{b64encode(content).decode()}"
