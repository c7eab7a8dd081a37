"""Sends e-mails through the operator's SMTP server."""

import asyncio
import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from typing import Literal

from app.domain.clock import now

Security = Literal["starttls", "tls", "none"]

# As HTML's e-mail fields allow, and shorter: nothing that could end a header or add a recipient.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_LONGEST_ADDRESS = 254
_SECONDS = 30.0
_LONGEST_REASON = 300


class MailFailed(Exception):
    """The e-mail was not accepted; the message says why."""


@dataclass(frozen=True)
class Mail:
    """A plain text for one recipient. `id` is the same in each attempt."""

    id: str
    recipient: str
    subject: str
    text: str
    language: str


@dataclass(frozen=True)
class MailServer:
    """The settings. Without a user, the server wants no login; `sender` may have a name."""

    host: str
    port: int
    security: Security
    user: str
    password: str
    sender: str


def is_address(text: str) -> bool:
    """Return whether a text is one plain e-mail address."""
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None


class Mailer:
    """Sends one e-mail at a time; each has a connection of its own."""

    def __init__(self, server: MailServer | None, *, seconds: float = _SECONDS) -> None:
        """`server`: None if none is configured. `seconds`: how long one e-mail may take."""
        self._server = server
        self._seconds = seconds

    @property
    def is_configured(self) -> bool:
        return self._server is not None

    async def send(self, mail: Mail) -> None:
        """Raises `MailFailed`."""
        # Imported late: most servers send no e-mails, and it takes 50 ms.
        from aiosmtplib import SMTPException, send  # noqa: PLC0415

        server = self._server
        if server is None:
            raise MailFailed("SMTP_HOST is not set")
        try:
            async with asyncio.timeout(self._seconds):
                await send(
                    _message(mail, server.sender),
                    sender=parseaddr(server.sender)[1],
                    recipients=[mail.recipient],
                    hostname=server.host,
                    port=server.port,
                    username=server.user or None,
                    password=server.password or None,
                    use_tls=server.security == "tls",
                    start_tls=server.security == "starttls",
                    timeout=self._seconds,
                )
        except TimeoutError as error:
            raise MailFailed(
                f"{server.host} did not accept it within {self._seconds:g} seconds"
            ) from error
        except (SMTPException, OSError, ValueError) as error:
            raise MailFailed(f"{server.host}: {_reason(error)}") from error


def _message(mail: Mail, sender: str) -> EmailMessage:
    """Return the e-mail. The standard library encodes headers, and refuses line breaks in them.

    But it decodes an encoded word (RFC 2047) first, in which there may be a line break.
    """
    message = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject.replace("=?", "= ?")
    message["Date"] = formatdate(now())
    message["Message-ID"] = f"<{mail.id}@{address.partition('@')[2]}>"
    # So that no absence note answers, and other programs know what this is.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message["Content-Language"] = mail.language
    return message


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}"[:_LONGEST_REASON]
