"""Azure's own clients, with nothing but the endpoint changed."""

import time
from types import SimpleNamespace

import openai
import pytest

from tests.support.replies import Reply

KEY = "key-of-the-shop-0123456789"
CALL = Reply.function_calls(("call_a", "weather", '{"city": "서울"}'))
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def keyed(start_shared):
    return start_shared(api_keys=[f"shop:{KEY}"])


@pytest.fixture
def azure_openai(keyed, upstream):
    with openai.AzureOpenAI(
        azure_endpoint=keyed.base_url,
        api_key=KEY,
        api_version="2024-05-01-preview",
        max_retries=0,
    ) as client:
        yield client.beta


@pytest.fixture
def agents(keyed, upstream):
    """A client of `azure-ai-agents`; it would refuse to send a token over plain HTTP."""
    package = pytest.importorskip("azure.ai.agents", reason="not tested: azure-ai-agents")
    credentials = pytest.importorskip("azure.core.credentials")
    policies = pytest.importorskip("azure.core.pipeline.policies")
    key = credentials.AzureKeyCredential(KEY)
    policy = policies.AzureKeyCredentialPolicy(key, "api-key")
    endpoint = f"{keyed.base_url}/api/projects/signs"
    with package.AgentsClient(endpoint, key, authentication_policy=policy) as client:
        yield client


class Token:
    """A credential whose token is the key."""

    def get_token(self, *_scopes: str, **_options: object) -> SimpleNamespace:
        return SimpleNamespace(token=KEY, expires_on=int(time.time()) + 3600)


def test_azure_openai_answers(azure_openai, upstream):
    upstream.reply(Reply.text("안녕", "하세요"))
    assistant = azure_openai.assistants.create(model="gpt-4o", instructions="Be brief.")
    run = azure_openai.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "hello"}]}
    )
    assert run.status == "completed"
    newest = azure_openai.threads.messages.list(run.thread_id).data[0]
    assert newest.content[0].text.value == "안녕하세요"
    assert azure_openai.assistants.list().data[0].id == assistant.id


def test_azure_openai_streams(azure_openai, upstream):
    upstream.reply(CALL, Reply.text("Sunny", "."))
    assistant = azure_openai.assistants.create(model="gpt-4o", tools=[WEATHER])
    thread = azure_openai.threads.create(messages=[{"role": "user", "content": "weather?"}])
    with azure_openai.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        run = stream.get_final_run()
    outputs = [{"tool_call_id": "call_a", "output": "31°C"}]
    with azure_openai.threads.runs.submit_tool_outputs_stream(
        thread_id=thread.id, run_id=run.id, tool_outputs=outputs
    ) as stream:
        assert "".join(stream.text_deltas) == "Sunny."


def test_azure_openai_of_a_deployment(keyed, upstream):
    """With `azure_deployment`, only calls of models have its name in their path."""
    with openai.AzureOpenAI(
        azure_endpoint=keyed.base_url,
        azure_deployment="gpt-4o",
        azure_ad_token=KEY,
        api_version="2024-05-01-preview",
        max_retries=0,
    ) as client:
        assert client.beta.threads.create().id.startswith("thread_")


def test_openai_at_azures_new_paths(keyed, upstream):
    with openai.OpenAI(base_url=f"{keyed.base_url}/openai/v1/", api_key=KEY) as client:
        assert client.beta.threads.create().id.startswith("thread_")


def test_azure_openai_files(azure_openai):
    client = azure_openai._client
    made = client.files.create(file=("notes.txt", b"apples"), purpose="assistants")
    assert client.files.content(made.id).read() == b"apples"
    assert made.id in [file.id for file in client.files.list()]
    assert client.files.delete(made.id).deleted


def test_agents_run_and_poll(agents, upstream):
    upstream.reply(Reply.text("안녕하세요"))
    agent = agents.create_agent(model="gpt-4o", name="signs", instructions="Be brief.")
    assert agent.id in [one.id for one in agents.list_agents()]
    thread = agents.threads.create()
    agents.messages.create(thread_id=thread.id, role="user", content="hello")
    run = agents.runs.create(thread_id=thread.id, agent_id=agent.id)
    while run.status in ("queued", "in_progress"):
        run = agents.runs.get(thread_id=thread.id, run_id=run.id)
    assert run.status == "completed"
    texts = [message.text_messages[0].text.value for message in agents.messages.list(thread.id)]
    assert texts == ["안녕하세요", "hello"]
    [step] = agents.run_steps.list(thread.id, run.id)
    assert step.status == "completed"
    agents.delete_agent(agent.id)


def test_agents_lists_threads(agents):
    made = [agents.threads.create().id for _ in range(3)]
    listed = [thread.id for thread in agents.threads.list(limit=2)]
    assert listed[:3] == made[::-1]
    agents.threads.update(made[0], metadata={"a": "b"})
    assert agents.threads.get(made[0]).metadata == {"a": "b"}
    agents.threads.delete(made[0])
    errors = pytest.importorskip("azure.core.exceptions")
    with pytest.raises(errors.ResourceNotFoundError, match="No thread found with id"):
        agents.threads.get(made[0])


def test_agents_stream(agents, upstream):
    upstream.reply(Reply.text("Sunny", "."))
    agent = agents.create_agent(model="gpt-4o", name="signs", instructions="Be brief.")
    thread = agents.threads.create()
    with agents.runs.stream(thread_id=thread.id, agent_id=agent.id) as stream:
        events = [(kind, data) for kind, data, _ in stream]
    assert "".join(data.text for kind, data in events if kind == "thread.message.delta") == "Sunny."
    assert events[-1][0] == "done"


def test_agents_calls_and_their_outputs(agents, upstream):
    upstream.reply(CALL, Reply.text("Sunny."))
    agent = agents.create_agent(model="gpt-4o", name="signs", tools=[WEATHER])
    thread = agents.threads.create()
    agents.messages.create(thread_id=thread.id, role="user", content="weather?")
    run = agents.runs.create(thread_id=thread.id, agent_id=agent.id)
    while run.status in ("queued", "in_progress", "requires_action"):
        if run.status == "requires_action":
            agents.runs.submit_tool_outputs(
                thread_id=thread.id,
                run_id=run.id,
                tool_outputs=[{"tool_call_id": "call_a", "output": "31°C"}],
            )
        run = agents.runs.get(thread_id=thread.id, run_id=run.id)
    assert run.status == "completed"


def test_agents_files_and_stores(agents, tmp_path):
    notes = tmp_path / "notes.md"
    notes.write_text("Apples are in stock.", "utf-8")
    file = agents.files.upload_and_poll(
        file_path=str(notes), purpose="assistants", polling_interval=0
    )
    assert b"".join(agents.files.get_content(file.id)) == notes.read_bytes()
    assert file.id in [one.id for one in agents.files.list().data]
    store = agents.vector_stores.create_and_poll(
        name="notes", file_ids=[file.id], polling_interval=0.01
    )
    assert store.file_counts.completed == 1
    assert [one.id for one in agents.vector_store_files.list(store.id)] == [file.id]
    agents.vector_stores.delete(store.id)
    agents.files.delete(file.id)


def test_agents_with_a_token(keyed, upstream):
    package = pytest.importorskip("azure.ai.agents", reason="not tested: azure-ai-agents")
    with package.AgentsClient(f"{keyed.base_url}/api/projects/signs", Token()) as client:
        assert client.threads.create(enforce_https=False).id.startswith("thread_")
