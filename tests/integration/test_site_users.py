"""A site with a key says who its visitor is; his threads follow him, and nobody else sees them."""

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

import jwt
import pytest

from app.api.pages import FOLDER
from tests.support.administration import ADMIN_KEY, Admin
from tests.support.talk import error_of

SITE = "https://shop.example"
CONFIGURED = "a-secret-of-the-settings-0123456789"


class Site(Admin):
    """Two projects with a key for the same site each, and an assistant each."""

    def __init__(self, server, call_as) -> None:
        super().__init__(server, call_as)
        self.owners, self.keys, self.assistants = {}, {}, {}
        known = {project["id"] for project in self.http.get("/admin/projects").json()["data"]}
        for name in ("bakery", "florist"):
            if name not in known:  # the settings may name it
                self.project(name)
            owner = self.owners[name] = self.caller(self.key(name)).http
            body = {"model": "m", "name": name}
            self.assistants[name] = owner.post("/assistants", json=body).json()["id"]
            self.keys[name] = self.key(name, scope="chat", origins=[SITE])

    def secret(self, project: str = "bakery") -> dict[str, Any]:
        made = self.owners[project].post("/user_token_secrets")
        assert made.is_success, made.text
        return made.json()

    def begin(self, user=None, earlier=None, *, project="bakery", origin=SITE):
        body = {"key": self.keys[project]["value"], "assistant": self.assistants[project]}
        headers = {"origin": origin}
        if earlier is not None:
            headers["authorization"] = f"Bearer {earlier}"
        http = self.call_as(self.server).http
        return http.post(
            "/chat/sessions", headers=headers, json=body | ({"user": user} if user else {})
        )

    def visitor(self, user=None, earlier=None, **where):
        begun = self.begin(user, earlier, **where)
        assert begun.status_code == 200, begun.text
        return self.call_as(self.server, begun.json()["token"], origin=SITE)

    def ask(self, visitor, project="bakery") -> str:
        body = {"message": "hello", "assistant_id": self.assistants[project]}
        answer = visitor.http.post("/chat", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["thread_id"]


@pytest.fixture(scope="module")
def site(start_shared, call_shared_as, upstream_server):
    upstream_server.reset()
    settings = {"public_project": "florist", "user_token_secret": CONFIGURED}
    return Site(start_shared(admin_key=ADMIN_KEY, **settings), call_shared_as)


@pytest.fixture(scope="module")
def secrets(site):
    return {name: site.secret(name)["value"] for name in site.owners}


def signed(secret: str, subject: str = "anna", **claims: Any) -> str:
    return jwt.encode({"sub": subject, "exp": int(time.time()) + 600, **claims}, secret, "HS256")


def threads_of(caller, **query: str) -> list[str]:
    return [thread["id"] for thread in caller.get("/threads", params=query).json()["data"]]


def test_his_threads_follow_him_to_another_browser(site, secrets):
    token = signed(secrets["bakery"], "bo", name="Bo")
    begun = site.begin(token).json()
    assert begun["user"] == {"id": "bo", "name": "Bo"}
    assert [one["id"] for one in begun["assistants"]] == [site.assistants["bakery"]]
    phone, desk = site.visitor(token), site.visitor(token)
    thread = site.ask(phone)
    assert threads_of(desk.http) == [thread]
    for other in (site.visitor(signed(secrets["bakery"], "Bo")), site.visitor()):
        assert threads_of(other.http) == []
        error_of(other.http.get(f"/threads/{thread}"), 404)
    assert threads_of(site.owners["bakery"], user="bo") == [thread]
    # The key's pages alone may use his session, as any session of the key.
    elsewhere = site.call_as(site.server, desk.credential, origin="https://other.example")
    assert error_of(elsewhere.http.get("/threads"), 403)["code"] == "origin_not_allowed"
    assert error_of(site.begin(token, origin="https://other.example"), 403)
    assert desk.http.get("/me").json()["project"] is None


def test_a_projects_secret_makes_no_visitor_of_another_project(site, secrets):
    mine = site.visitor(signed(secrets["bakery"], "cora"))
    thread = site.ask(mine)
    # One of the settings counts for the visitors of PUBLIC_PROJECT alone.
    for secret in (secrets["florist"], CONFIGURED):
        error = error_of(site.begin(signed(secret, "cora")), 401)
        assert error["code"] == "user_token_invalid" and "signature" in error["message"]
        theirs = site.visitor(signed(secret, "cora"), project="florist")
        assert threads_of(theirs.http) == []
        error_of(theirs.http.get(f"/threads/{thread}"), 404)
    assert threads_of(site.owners["florist"], user="cora") == []


def test_what_he_asked_before_he_signed_in_becomes_his(site, secrets):
    before = site.visitor()
    thread = site.ask(before)
    # A session of another project's key is none of this one's.
    theirs = signed(secrets["florist"], "dora")
    assert threads_of(site.visitor(theirs, before.credential, project="florist").http) == []
    dora = site.visitor(signed(secrets["bakery"], "dora"), before.credential)
    assert threads_of(dora.http) == [thread]
    assert threads_of(before.http) == []
    assert threads_of(site.visitor(signed(secrets["bakery"], "emil"), dora.credential).http) == []
    # Signed out, his token begins no stranger's session and does not open his again.
    assert error_of(site.begin(None, dora.credential), 401)["code"] == "user_token_required"


def test_wrong_tokens_are_refused_as_without_a_key(site, secrets):
    secret, earlier = secrets["bakery"], site.visitor().credential
    for token, code in (
        (signed(secret, exp=int(time.time()) - 120), "user_token_expired"),
        (signed(f"{secret}x"), "user_token_invalid"),
        (signed(site.keys["bakery"]["value"]), "user_token_invalid"),
        ("nonsense", "user_token_invalid"),
    ):
        for begun in (site.begin(token), site.begin(token, earlier)):
            error = error_of(begun, 401)
            assert (error["code"], error["param"]) == (code, "user")
            assert secret not in error["message"]


def test_a_secret_is_replaced_by_a_second_one(start, call_as):
    site = Site(start(admin_key=ADMIN_KEY), call_as)
    error = error_of(site.begin(signed("x" * 32)), 400)
    assert error["code"] == "user_tokens_are_off"
    old, new = site.secret(), site.secret()
    owner = site.owners["bakery"]
    listed = owner.get("/user_token_secrets").json()["data"]
    assert [one["id"] for one in listed] == [new["id"], old["id"]]
    assert old["value"] not in str(listed) and listed[1]["redacted_value"][-4:] == old["value"][-4:]
    thread = site.ask(site.visitor(signed(old["value"])))
    assert threads_of(site.visitor(signed(new["value"])).http) == [thread]
    other = site.owners["florist"]
    assert other.get("/user_token_secrets").json()["data"] == []
    error_of(other.delete(f"/user_token_secrets/{old['id']}"), 404)
    assert owner.delete(f"/user_token_secrets/{old['id']}").json()["deleted"]
    error_of(owner.delete(f"/user_token_secrets/{old['id']}"), 404)
    assert error_of(site.begin(signed(old["value"])), 401)["code"] == "user_token_invalid"
    assert threads_of(site.visitor(signed(new["value"])).http) == [thread]
    # Whoever may only read makes none.
    reader = site.caller(site.key("bakery", scope="read")).http
    assert reader.get("/user_token_secrets").is_success
    assert error_of(reader.post("/user_token_secrets"), 403)["code"] == "scope_not_allowed"
    for _ in range(9):
        site.secret()
    assert error_of(owner.post("/user_token_secrets"), 400)["code"] == "too_many_objects"


def test_a_revoked_key_ends_his_session_and_keeps_his_threads(start, call_as):
    site = Site(start(admin_key=ADMIN_KEY), call_as)
    token = signed(site.secret()["value"])
    user = site.visitor(token)
    thread = site.ask(user)
    site.change(site.keys["bakery"], revoked=True)
    error_of(user.http.get("/threads"), 401)
    site.keys["bakery"] = site.key("bakery", scope="chat", origins=[SITE])
    assert threads_of(site.visitor(token).http) == [thread]


SAMPLES = FOLDER / "console/views/assistants/user_token_samples.js"
# How each of the console's programs is run.
PROGRAMS = {
    "PHP": ("php", "sample.php"),
    "Python": (sys.executable, "sample.py"),
    "Node.js": ("node", "sample.mjs"),
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_consoles_programs_sign_what_is_accepted(site, secrets, tmp_path, language):
    program, name = PROGRAMS[language]
    for needed in ("node", program):
        if shutil.which(needed) is None:
            pytest.skip(f"needs {needed}")
    shutil.copy(SAMPLES, tmp_path / "samples.mjs")
    read = "import('./samples.mjs').then((all) => console.log(JSON.stringify(all.samples)))"
    samples = json.loads(output("node", "-e", read, folder=tmp_path))
    assert samples.keys() == PROGRAMS.keys()
    (tmp_path / name).write_text(samples[language], "utf-8")
    token = output(program, name, folder=tmp_path, USER_TOKEN_SECRET=secrets["bakery"]).strip()
    assert site.begin(token).json()["user"] == {"id": "member-17", "name": "김하나"}


def output(*command: str, folder, **environment: str) -> str:
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
