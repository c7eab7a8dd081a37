"""What an e-mail consists of, whatever names say."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import aiosmtplib
import pytest

from app.core.mail import Mail, Mailer, MailServer

SERVER = MailServer("mail.example.org", 25, "none", "", "", "Shop <shop@example.org>")


@pytest.fixture
def sent(monkeypatch):
    found: list[EmailMessage] = []

    async def send(message: EmailMessage, **_: object) -> None:
        found.append(message_from_bytes(message.as_bytes(), policy=default))

    monkeypatch.setattr(aiosmtplib, "send", send)
    return found


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?Shop=0D=0ABcc:_third@example.org=0D=0A=0D=0AOther?=",
        "=?utf-8?b?U2hvcApCY2M6IHRoaXJkQGV4YW1wbGUub3Jn?=",
        "고객센터 =?utf-8?q?=0AX-Other:_1?= =?utf-8?q?=0D=0A=0D=0AOther?=",
        "=?us-ascii?q?Shop=0AReply-To:_third@example.org?=" * 3,
    ],
)
def test_an_encoded_word_in_a_name_adds_no_header_and_no_text(sent, name):
    mail = Mail("notification_1", "owner@example.org", f"{name}: waits", "Text", "en")
    asyncio.run(Mailer(SERVER).send(mail))
    (message,) = sent
    about = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
    content = {"Content-Type", "Content-Transfer-Encoding", "Content-Language"}
    assert {*message.keys()} == about | content
    assert message.get_content().splitlines() == ["Text"]
    assert message["Subject"].endswith(": waits")
