"""Version 1 of the API: the paths of the Assistants v2 protocol, and `/chat` on top."""

from fastapi import APIRouter

from app.api.v1 import (
    access,
    actions,
    admin,
    answers,
    assistants,
    chat,
    conversations,
    drafts,
    feedback,
    files,
    functions,
    handovers,
    health,
    insights,
    messages,
    models,
    moving,
    notifications,
    runs,
    steps,
    threads,
    usage,
    vector_store_files,
    vector_stores,
)

api = APIRouter(prefix="/api/v1")
# Routes are matched in this order, so the busiest come first. `/threads/runs` must come before
# `/threads/{thread_id}`, which would take `runs` for an id.
for resource in (
    *(chat, health, access, assistants, drafts, runs, steps, threads, messages, feedback),
    handovers,
    notifications,
    *(
        files,
        vector_stores,
        vector_store_files,
        actions,
        conversations,
        insights,
        answers,
        usage,
        models,
        functions,
        moving,
        admin,
    ),
):
    api.include_router(resource.routes)
api.include_router(access.guarded_routes)
