"""The e-mails of notifications, in Korean and English."""

from app.core.mail import Mail
from app.db.notification_rows import NotificationRow, NotificationTargetRow

# By language and type: the subject and the text.
_TEXTS = {
    "en": {
        "handover.requested": (
            "{assistant}: a visitor asks for a person",
            "A visitor asks for a person. Assistant: {assistant}.",
        ),
        "handover.message": (
            "{assistant}: a waiting visitor wrote again",
            "A visitor who is waiting for a person wrote again. Assistant: {assistant}.",
        ),
        "notification.test": (
            "Test of the notifications",
            "This e-mail was sent to try the notifications. They arrive at this address.",
        ),
    },
    "ko": {
        "handover.requested": (
            "{assistant}: 방문자가 상담원을 찾습니다",
            "방문자가 상담원을 찾습니다. (어시스턴트: {assistant})",
        ),
        "handover.message": (
            "{assistant}: 기다리는 방문자가 메시지를 또 보냈습니다",
            "상담원을 기다리는 방문자가 메시지를 또 보냈습니다. (어시스턴트: {assistant})",
        ),
        "notification.test": (
            "알림 시험",
            "알림이 잘 오는지 확인하려고 보낸 메일입니다. 이 주소로 알림이 갑니다.",
        ),
    },
}
_ENDS = {
    "en": "Read and answer in the console:\n{link}\n\n"
    "This e-mail contains nothing of what the visitor wrote.\n",
    "ko": "콘솔에서 읽고 답할 수 있습니다.\n{link}\n\n방문자가 쓴 내용은 메일에 담지 않습니다.\n",
}
_UNNAMED = {"en": "the assistant", "ko": "어시스턴트"}
# Characters of the assistant's name in a subject.
_LONGEST_NAME = 80


def mail_of(row: NotificationRow, target: NotificationTargetRow) -> Mail:
    language, data = target.language, row.payload["data"]
    subject, said = _TEXTS[language][row.type]
    assistant = _on_one_line(data.get("assistant_name") or "") or _UNNAMED[language]
    text = f"{said}\n\n{_ENDS[language]}".format(assistant=assistant, link=data["console_url"])
    return Mail(
        id=row.id,
        recipient=target.address,
        subject=subject.format(assistant=assistant),
        text=text,
        language=language,
    )


def _on_one_line(name: str) -> str:
    """Return the name without line breaks and control characters, which no header may contain."""
    printable = "".join(one if one.isprintable() else " " for one in name)
    shown = " ".join(printable.split())
    return shown if len(shown) <= _LONGEST_NAME else shown[:_LONGEST_NAME] + "…"
