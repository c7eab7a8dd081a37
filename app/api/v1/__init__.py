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

# Routes are matched in this order, so the busiest come first. `/threads/runs` must come before
# `/threads/{thread_id}`, which would take `runs` for an id.
ROUTERS: list[APIRouter] = [
    *(chat.routes, health.routes, access.routes, assistants.routes, drafts.routes, runs.routes),
    *(steps.routes, threads.routes, messages.routes, feedback.routes, handovers.routes),
    *(notifications.routes, files.routes, vector_stores.routes, vector_store_files.routes),
    *(actions.routes, conversations.routes, insights.routes, answers.routes, usage.routes),
    *(models.routes, functions.routes, moving.routes, admin.routes, access.guarded_routes),
]
