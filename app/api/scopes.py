"""What the different callers may call: visitors, limited keys, and the holder of `ADMIN_KEY`."""

from fastapi import Request

from app.domain.access import Caller, KeyLimits
from app.domain.errors import Forbidden

# The operations that a browser's session may call, and a key with the scope `chat`: each on its
# own threads.
SESSION_OPERATIONS = frozenset(
    {
        "retrieve_caller",
        "chat",
        "list_threads",
        "delete_threads",
        "retrieve_thread",
        "delete_thread",
        "list_messages",
        "retrieve_message",
        "update_message",
        "delete_message",
        "give_feedback",
        "list_feedback",
        "list_runs",
        "retrieve_run",
        "follow_run",
        "cancel_run",
        # Only to allow or refuse calls that the server makes.
        "submit_tool_outputs",
        "list_steps",
        "retrieve_step",
        "retrieve_handover",
        "request_handover",
        "cancel_handover",
        # Only the files that a tool made for this session.
        "retrieve_file",
        "retrieve_file_content",
    }
)


# What the holder of `ADMIN_KEY` may call apart from `/admin`.
_ADMIN_OPERATIONS = ("retrieve_caller",)
_READING = ("GET", "HEAD")
# Characters of a foreign origin that an error shows.
_SHOWN_ORIGIN = 200


def check_scope(caller: Caller, method: str, operation: str) -> None:
    """Raise `Forbidden` if a visitor or a limited key may not call the operation."""
    match caller.scope:
        case "chat" if operation not in SESSION_OPERATIONS:
            if caller.is_visitor:
                raise Forbidden(
                    "A chat session may only chat and read its own threads.",
                    code="session_not_allowed",
                )
            raise Forbidden(
                "This key may only chat and read its own threads: its scope is 'chat'.",
                code="scope_not_allowed",
            )
        case "read" if method not in _READING:
            raise Forbidden(
                "This key may only read, with GET: its scope is 'read'.",
                code="scope_not_allowed",
            )


def check_admin_operation(operation: str, *, administrative: bool) -> None:
    """Raise `Forbidden` if the holder of `ADMIN_KEY` calls what a project's key is for."""
    if not administrative and operation not in _ADMIN_OPERATIONS:
        raise Forbidden(
            "ADMIN_KEY only opens /api/v1/admin and belongs to no project. Use a project's key.",
            code="admin_key_not_allowed",
        )


def not_the_admin(*, has_admin: bool) -> Forbidden:
    """Return the error for everybody else who calls `/admin`."""
    if has_admin:
        return Forbidden("This needs the server's ADMIN_KEY.", code="admin_key_required")
    return Forbidden(
        "Projects and keys can't be managed over HTTP on this server, because it has no "
        "ADMIN_KEY. Set one in .env and restart or reload the server.",
        code="admin_is_off",
    )


def check_origin(request: Request, limits: KeyLimits) -> None:
    """Raise `Forbidden` if the key may only be used by pages, and the request is not from one."""
    if not limits.origins:
        return
    origin = request.headers.get("origin")
    if origin is None:
        raise Forbidden(
            "This key may only be used by the web pages that are listed for it, and this request "
            "has no 'Origin'.",
            code="origin_not_allowed",
        )
    if origin not in limits.origins:
        raise Forbidden(
            f"This key may not be used by pages of {origin[:_SHOWN_ORIGIN]!r}.",
            code="origin_not_allowed",
        )
