"""A real mail server on loopback, with TLS and a login, which keeps what it was sent."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from tests.support.certificates import certificate_for

USER, PASSWORD = "owner", "pass word 비밀"


class MailServer:
    """`mails` are those that it accepted, `refusal` an SMTP answer instead of accepting more."""

    def __init__(self, folder: Path) -> None:
        self.certificate, _ = certificate_for("localhost", folder)
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refusal: str | None = None
        self.port = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.refusal is not None:
            return self.refusal
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.recipients += envelope.rcpt_tos
        self.mails.append(mail)
        return "250 OK"

    @classmethod
    @contextmanager
    def serve(cls, folder: Path) -> Iterator["MailServer"]:
        served = cls(folder)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*served.certificate)

        def login(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
            return AuthResult(success=right)

        controller = _AtAnyPort(
            served,
            hostname="127.0.0.1",
            port=0,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=login,
        )
        controller.start()
        try:
            served.port = controller.port
            yield served
        finally:
            controller.stop()


class _AtAnyPort(Controller):
    def _trigger_server(self) -> None:
        # Before it connects to the server, to see that it answers.
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
