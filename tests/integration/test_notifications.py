"""The owner is told that a visitor asks for a person: webhooks and e-mails."""

import json
import re
import signal
import socket

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.db.notification_tables import notifications
from tests.support.called_api import CalledApi, Reply
from tests.support.mail_server import PASSWORD, USER, MailServer
from tests.support.rows import connected
from tests.support.server import forked_server
from tests.support.talk import error_of
from tests.support.waiting import wait_until

NAME = "고객센터\r\nBcc: victim@example.org"
PRIVATE = "제 번호는 010-1234-5678입니다."


@pytest.fixture(scope="module")
def hook():
    with CalledApi.serve() as api:
        yield api


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with MailServer.serve(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture(scope="module")
def service(start_shared, hook, mail):
    with pytest.MonkeyPatch.context() as patch:
        # What the mail server shows is trusted like the certificates of this machine.
        patch.setenv("SSL_CERT_FILE", mail.certificate[0])
        yield start_shared(
            actions_allow=[hook.host],
            smtp_host="localhost",
            smtp_port=mail.port,
            smtp_user=USER,
            smtp_password=PASSWORD,
            smtp_from="Threadkeeper <no-reply@example.org>",
        )


@pytest.fixture
def owner(service, hook, mail, upstream):
    hook.asked.clear()
    hook.replies.clear()
    mail.mails.clear()
    mail.recipients.clear()
    mail.refusal = None
    yield service.http
    for target in ok(service.http.get("/notification_targets"))["data"]:
        ok(service.http.delete(f"/notification_targets/{target['id']}"))


def ok(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def added(http, **body):
    return ok(http.post("/notification_targets", json=body))


def webhook(http, hook, path="/hook"):
    return added(http, type="webhook", address=hook.url + path)


def conversation(http, name="Helper"):
    assistant = ok(http.post("/assistants", json={"model": "m", "name": name}))
    body = {"message": PRIVATE, "assistant_id": assistant["id"]}
    return ok(http.post("/chat", json=body))["thread_id"], assistant["id"]


def told(http, **query):
    return ok(http.get("/notifications", params=query))["data"]


def settled(http, notification_id, attempts=1):
    """Return the notification once so many attempts have been made."""

    def look():
        found = ok(http.get(f"/notifications/{notification_id}"))
        ended = found["status"] != "pending" or found["last_error"]
        return found if found["attempts"] >= attempts and ended else None

    return wait_until(look)


def sent_test(http, target):
    return ok(http.post(f"/notification_targets/{target['id']}/test"))["id"]


def test_a_webhook_says_once_that_a_visitor_waits_and_what_he_does_meanwhile(
    owner, hook, shared_database_url
):
    target = webhook(owner, hook)
    thread_id, assistant_id = conversation(owner)
    asked = {"contact": "010-1234-5678", "note": PRIVATE}
    for _ in range(2):
        ok(owner.post(f"/threads/{thread_id}/handover", json=asked))
    wait_until(lambda: hook.asked)
    for _ in range(2):
        ok(owner.post("/chat", json={"message": PRIVATE, "thread_id": thread_id}))
    ok(owner.post(f"/threads/{thread_id}/messages", json={"role": "user", "content": PRIVATE}))
    wait_until(lambda: len(hook.asked) == 2 and not told(owner, status="pending"))

    first, second = hook.asked
    body = Webhook(target["secret"]).verify(first.body, first.headers)
    assert body["type"] == "handover.requested"
    console = f"{owner.base_url.copy_with(path='/console')}#/handovers/{thread_id}"
    assert body["data"] == {
        "project": "default",
        "thread_id": thread_id,
        "assistant_id": assistant_id,
        "assistant_name": "Helper",
        "console_url": console,
    }
    assert Webhook(target["secret"]).verify(second.body, second.headers)["type"] == (
        "handover.message"
    )
    assert b"1234" not in first.body + second.body
    with pytest.raises(WebhookVerificationError):
        Webhook(target["secret"]).verify(first.body + b" ", first.headers)
    assert [one["id"] for one in told(owner)] == [
        *(second.headers["webhook-id"], first.headers["webhook-id"]),
    ]
    # A person was there, and is asked for again: that is news.
    ok(owner.post(f"/threads/{thread_id}/take", json={"name": "수진"}))
    ok(owner.post("/chat", json={"message": "안녕하세요", "thread_id": thread_id}))
    ok(owner.post(f"/threads/{thread_id}/hand_back"))
    backdate(shared_database_url, thread_id)
    ok(owner.post(f"/threads/{thread_id}/handover"))
    wait_until(lambda: len(hook.asked) == 3)
    assert hook.asked[2].json["type"] == "handover.requested"


def backdate(database_url, thread_id):
    """Let a second pass between the first request and the person."""
    earlier = notifications.update().where(notifications.c.thread_id == thread_id)
    with connected(database_url) as connection:
        connection.execute(earlier.values(created_at=notifications.c.created_at - 1))


def test_a_target_gets_the_events_that_it_wants(owner, hook):
    both, asking, later = (webhook(owner, hook, f"/{name}") for name in ("both", "asking", "later"))
    assert both["events"] == ["handover.requested", "handover.message"]
    for target, event in ((asking, "handover.requested"), (later, "handover.message")):
        path = f"/notification_targets/{target['id']}"
        assert ok(owner.post(path, json={"events": [event, event]}))["events"] == [event]
    thread_id, _ = conversation(owner)
    ok(owner.post(f"/threads/{thread_id}/handover"))
    ok(owner.post("/chat", json={"message": PRIVATE, "thread_id": thread_id}))
    wait_until(lambda: len(hook.asked) == 4)
    got = sorted((one.target, one.json["type"]) for one in hook.asked)
    assert got == [
        ("/asking", "handover.requested"),
        *(("/both", "handover.message"), ("/both", "handover.requested")),
        ("/later", "handover.message"),
    ]
    refused = owner.post(f"/notification_targets/{both['id']}", json={"events": []})
    assert error_of(refused, 400)["param"] == "events"


def test_after_a_rotation_both_secrets_verify(owner, hook):
    old = webhook(owner, hook)
    new = ok(owner.post(f"/notification_targets/{old['id']}/rotate_secret"))
    assert old["secret"] != new["secret"]
    settled(owner, sent_test(owner, old))
    (asked,) = hook.asked
    for secret in (old["secret"], new["secret"]):
        assert Webhook(secret).verify(asked.body, asked.headers)["type"] == "notification.test"
    shown = ok(owner.get(f"/notification_targets/{old['id']}"))
    assert "secret" not in shown and shown["rotated_at"] is not None
    assert "whsec_" not in owner.get("/notification_targets").text


def test_what_fails_is_tried_again_and_at_last_given_up_for_all_to_see(
    owner, hook, caplog, shared_database_url
):
    target = webhook(owner, hook)
    hook.replies["/hook"] = Reply(500, b"no")
    failed = settled(owner, sent_test(owner, target))
    assert (failed["status"], failed["last_error"]) == ("pending", "HTTP 500 Internal Server Error")
    assert 3 <= failed["next_attempt_at"] - failed["attempted_at"] <= 7
    change(shared_database_url, failed["id"], attempts=9)
    ok(owner.post(f"/notifications/{failed['id']}/resend"))
    (given_up,) = wait_until(lambda: told(owner, status="failed"))
    assert (given_up["id"], given_up["attempts"]) == (failed["id"], 10)
    assert given_up["next_attempt_at"] is None
    assert f"{failed['id']} (webhook) was given up after attempt 10: HTTP 500" in caplog.text
    metrics = owner.get(str(owner.base_url).replace("/api/v1/", "/metrics")).text
    line = 'threadkeeper_notification_attempts_total{outcome="given_up",type="webhook"} 1.0'
    assert line in metrics

    del hook.replies["/hook"]
    assert ok(owner.post(f"/notifications/{failed['id']}/resend"))["attempts"] == 0
    wait_until(lambda: told(owner)[0]["status"] == "delivered")
    assert {one.headers["webhook-id"] for one in hook.asked} == {failed["id"]}
    for one in hook.asked:
        Webhook(target["secret"]).verify(one.body, one.headers)


def change(database_url, notification_id, **values):
    with connected(database_url) as connection:
        connection.execute(
            notifications.update().where(notifications.c.id == notification_id).values(**values)
        )


def test_a_webhook_that_is_gone_is_disabled(owner, hook):
    target = webhook(owner, hook)
    hook.replies["/hook"] = Reply(410, b"")
    gone = settled(owner, sent_test(owner, target))
    assert (gone["status"], gone["attempts"]) == ("failed", 1)
    path = f"/notification_targets/{target['id']}"
    assert ok(owner.get(path))["enabled"] is False
    assert error_of(owner.post(f"{path}/test"), 400)["code"] == "target_disabled"
    assert ok(owner.post(path, json={"enabled": True, "language": "ko"}))["enabled"] is True


@pytest.mark.parametrize("address", ["https://localhost/hook", "https://127.0.0.1:1/"])
def test_a_webhook_does_not_reach_the_own_network(owner, address):
    target = added(owner, type="webhook", address=address)
    refused = settled(owner, sent_test(owner, target))
    assert "not public" in refused["last_error"]


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://shop.example.com/hook"),
        ("webhook", "https://user:word@shop.example.com/hook"),
        ("webhook", "owner@example.org"),
        ("email", "https://shop.example.com/hook"),
        ("email", "owner@example.org, second@example.org"),
        ("email", "owner@example.org\nBcc: third@example.org"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused(owner, kind, address):
    refused = owner.post("/notification_targets", json={"type": kind, "address": address})
    assert error_of(refused, 400)["param"] == "address"


def test_an_e_mail_in_korean_says_it_and_nothing_else(owner, mail):
    added(owner, type="email", address="owner@example.org", language="ko")
    thread_id, _ = conversation(owner, NAME)
    ok(owner.post(f"/threads/{thread_id}/handover", json={"note": PRIVATE}))
    wait_until(lambda: mail.mails)
    (sent,) = mail.mails
    assert sent["subject"] == ("고객센터 Bcc: victim@example.org: 방문자가 상담원을 찾습니다")
    assert (sent["to"], sent["from"]) == (
        *("owner@example.org", "Threadkeeper <no-reply@example.org>"),
    )
    assert "bcc" not in sent and mail.recipients == ["owner@example.org"]
    (listed,) = told(owner)
    assert sent["message-id"] == f"<{listed['id']}@example.org>"
    said = sent.get_content()
    assert f"/console#/handovers/{thread_id}" in said and "상담원" in said
    assert "1234" not in said


def test_a_mail_server_that_refuses_is_asked_again(owner, mail):
    target = added(owner, type="email", address="owner@example.org")
    mail.refusal = "451 try again later"
    failed = settled(owner, sent_test(owner, target))
    assert "try again later" in failed["last_error"]
    mail.refusal = None
    ok(owner.post(f"/notifications/{failed['id']}/resend"))
    wait_until(lambda: told(owner)[0]["status"] == "delivered")
    assert mail.mails[0]["subject"] == "Test of the notifications"


def test_without_a_mail_server_e_mails_are_refused(http):
    body = {"type": "email", "address": "owner@example.org"}
    refused = http.post("/notification_targets", json=body)
    assert error_of(refused, 400)["code"] == "no_smtp_host"
    webhooks, mails = ok(http.get("/notification_channels"))["data"]
    assert (webhooks["type"], webhooks["available"]) == ("webhook", True)
    assert (mails["available"], mails["missing"]) == (False, "SMTP_HOST")


def test_two_servers_deliver_each_notification_once(start, hook):
    hook.asked.clear()
    servers = [start(actions_allow=[hook.host]) for _ in range(2)]
    targets = [webhook(servers[0].http, hook, f"/{number}") for number in range(10)]
    ids = [
        sent_test(servers[number % 2].http, target)
        for number, target in enumerate(targets)
        for _ in range(3)
    ]
    wait_until(lambda: len(told(servers[1].http, status="delivered", limit=100)) == len(ids))
    assert sorted(one.headers["webhook-id"] for one in hook.asked) == sorted(ids)


def forked_caller(database_url, folder, host, **more):
    """A server in a process of its own that may call the host."""
    environment = {
        "DATABASE_URL": database_url,
        "FILES_URL": str(folder / "files"),
        "ACTIONS_ALLOW": json.dumps([host]),
    }
    return forked_server(folder, **environment, **more)


def test_what_a_killed_server_was_sending_is_sent_by_another(start, database_url, tmp_path, hook):
    hook.asked.clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with forked_caller(database_url, tmp_path, host, LEASE_SECONDS="0.5") as doomed:
            target = added(doomed.http, type="webhook", address=f"http://{host}/hook")
            sent = sent_test(doomed.http, target)
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1000).startswith(b"POST /hook")
                doomed.kill()
        heir = start(actions_allow=[host], lease_seconds=0.5)
        connection, _ = silent.accept()
        with connection:
            head = connection.recv(4000)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            assert f"webhook-id: {sent}".encode() in head
        assert settled(heir.http, sent, attempts=2)["status"] == "delivered"


def test_a_webhook_that_hangs_does_not_delay_a_stop(start, database_url, tmp_path, hook):
    hook.asked.clear()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        with forked_caller(database_url, tmp_path, host, SHUTDOWN_SECONDS="60") as stopped:
            sent = set()
            for number in range(3):
                url = f"http://{host}/hook/{number}"
                target = added(stopped.http, type="webhook", address=url)
                sent.add(sent_test(stopped.http, target))
            connections = [silent.accept()[0] for _ in sent]
            stopped.terminate()
            # Long before the runs' time is over, and in order.
            assert stopped.wait(30) == -signal.SIGTERM
            assert "Application shutdown complete." in stopped.log
        for connection in connections:
            connection.close()
        heir = start(actions_allow=[host])
        found = set()
        for _ in sent:
            connection, _ = silent.accept()
            with connection:
                found.update(re.findall("webhook-id: (.*)\r", connection.recv(4000).decode()))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        assert found == sent
        for one in sent:
            assert settled(heir.http, one, attempts=2)["status"] == "delivered"
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_key_can_not_send_any_number_of_tests_or_repeats(start_shared, hook):
    keys = {"shop": "key-of-the-shop-1234567", "other": "key-of-another-1234567"}
    service = start_shared(
        actions_allow=[hook.host], api_keys=[f"{name}:{key}" for name, key in keys.items()]
    )
    http = service.http
    http.headers["authorization"] = f"Bearer {keys['shop']}"
    target = webhook(http, hook)
    sent = [sent_test(http, target) for _ in range(30)]
    # A target that is made anew does not help; one that is unknown costs nothing.
    ok(http.delete(f"/notification_targets/{target['id']}"))
    error_of(http.post(f"/notification_targets/{target['id']}/test"), 404)
    target = webhook(http, hook)
    refused = http.post(f"/notification_targets/{target['id']}/test")
    error = error_of(refused, 429)
    assert error["code"] == "rate_limit_exceeded"
    assert "the limit is 30/hour" in error["message"]
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    http.headers["authorization"] = f"Bearer {keys['other']}"
    target = webhook(http, hook)
    again = sent_test(http, target)
    assert again not in sent
    for _ in range(5):
        settled(http, again)
        ok(http.post(f"/notifications/{again}/resend"))
    refused = http.post(f"/notifications/{again}/resend")
    assert "the limit is 5/hour" in error_of(refused, 429)["message"]
    assert int(refused.headers["retry-after"]) > 0
