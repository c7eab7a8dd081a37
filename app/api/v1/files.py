"""`/files`."""

import re
import sys
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from app.api.deps import CallerDep, FilePageDep, ServicesDep, UploaderDep
from app.api.routing import failure, router
from app.api.upload import FileUpload
from app.schemas.common import ListPage
from app.schemas.files import PURPOSES, FileDeleted, FileObject

routes = router("files")

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "purpose"],
                    "additionalProperties": False,
                    "dependentRequired": {
                        "expires_after[anchor]": ["expires_after[seconds]"],
                        "expires_after[seconds]": ["expires_after[anchor]"],
                    },
                    "properties": {
                        "file": {"type": "string", "format": "binary", "minLength": 1},
                        "purpose": {
                            "type": "string",
                            "enum": [*PURPOSES],
                            # Preselected in forms; a request must state it.
                            "default": "assistants",
                        },
                        "expires_after[anchor]": {"type": "string", "enum": ["created_at"]},
                        "expires_after[seconds]": {
                            "type": "integer",
                            "minimum": 3600,
                            "maximum": 2_592_000,
                        },
                    },
                },
                "examples": {
                    "For assistants": {
                        "value": {
                            "file": "영업 시간은 오전 8시부터입니다.",
                            "purpose": "assistants",
                        }
                    },
                    "For a day": {
                        "value": {
                            "file": "Open from 8.",
                            "purpose": "user_data",
                            "expires_after[anchor]": "created_at",
                            "expires_after[seconds]": 86400,
                        }
                    },
                },
            }
        },
    }
}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": "영업 시간은 오전 8시부터입니다.",
            }
        }
    }
}


@routes.post(
    "/files",
    openapi_extra=_FORM,
    responses={413: failure("The file is too large.")},
    # `FileUpload` checks the size itself and reports it in OpenAI's envelope.
    max_body_size=sys.maxsize,
)
async def create_file(request: Request, services: ServicesDep, caller: UploaderDep) -> FileObject:
    """Upload a file as a form with `file`, `purpose` and, optionally, `expires_after`."""
    upload = FileUpload(request, max_bytes=services.files.max_bytes)
    await upload.begin()
    return await services.files.create(caller, upload)


@routes.get("/files")
async def list_files(
    page: FilePageDep,
    services: ServicesDep,
    caller: CallerDep,
    purpose: Annotated[str | None, Query(description="Only files with this purpose.")] = None,
) -> ListPage[FileObject]:
    """List the files, newest first."""
    return await services.files.list(caller.project, page, purpose)


@routes.get("/files/{file_id}")
async def retrieve_file(file_id: str, services: ServicesDep, caller: CallerDep) -> FileObject:
    """Retrieve a file's metadata."""
    return await services.files.retrieve(caller, file_id)


@routes.delete("/files/{file_id}")
async def delete_file(file_id: str, services: ServicesDep, caller: CallerDep) -> FileDeleted:
    """Delete a file and its content."""
    return await services.files.delete(caller.project, file_id)


@routes.get("/files/{file_id}/content", response_class=StreamingResponse, responses=_BYTES)
async def retrieve_file_content(
    file_id: str, services: ServicesDep, caller: CallerDep
) -> StreamingResponse:
    """Download a file's content."""
    content = await services.files.content(caller, file_id)
    headers = {
        "content-length": str(content.file.bytes),
        "content-disposition": _disposition(content.file.filename),
        # An uploaded HTML page must never run as one of this server's own pages.
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(content.chunks, 200, headers, "application/octet-stream")


def _disposition(filename: str) -> str:
    """Return the header that names the download, in ASCII and exactly (RFC 6266), sans folders."""
    name = re.split(r"[/\\]", filename)[-1]
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
