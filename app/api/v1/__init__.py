"""Version 1 of the API: the paths of the Assistants v2 protocol, and `/chat` on top."""

from fastapi import APIRouter

from app.api.v1 import (
    assistants,
    chat,
    files,
    health,
    messages,
    runs,
    steps,
    threads,
    vector_store_files,
    vector_stores,
)

api = APIRouter(prefix="/api/v1")
# `/threads/runs` stands before `/threads/{thread_id}`, which would take it for an id.
for resource in (
    *(health, chat, assistants, runs, steps, threads, messages),
    *(files, vector_stores, vector_store_files),
):
    api.include_router(resource.routes)
