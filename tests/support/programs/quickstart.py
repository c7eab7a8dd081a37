"""A math tutor that writes and runs code: the flow of OpenAI's quickstart, streamed and polled."""

from typing import Any

from openai import AssistantEventHandler, OpenAI

client: Any = OpenAI()


class EventHandler(AssistantEventHandler):
    def on_text_created(self, text: Any) -> None:
        print("\nassistant > ", end="", flush=True)

    def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        print(delta.value, end="", flush=True)

    def on_tool_call_created(self, tool_call: Any) -> None:
        print(f"\nassistant > {tool_call.type}\n", flush=True)

    def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        if delta.type == "code_interpreter":
            if delta.code_interpreter.input:
                print(delta.code_interpreter.input, end="", flush=True)
            if delta.code_interpreter.outputs:
                print("\n\noutput >", flush=True)
                for output in delta.code_interpreter.outputs:
                    if output.type == "logs":
                        print(f"\n{output.logs}", flush=True)


assistant = client.beta.assistants.create(
    name="Math Tutor",
    instructions="You are a personal math tutor. Write and run code to answer math questions.",
    tools=[{"type": "code_interpreter"}],
    model="gpt-4o",
)
thread = client.beta.threads.create()
client.beta.threads.messages.create(
    thread_id=thread.id,
    role="user",
    content="I need to solve the equation `3x + 11 = 14`. Can you help me?",
)
for_jane = "Please address the user as Jane Doe. The user has a premium account."
with client.beta.threads.runs.stream(
    thread_id=thread.id,
    assistant_id=assistant.id,
    instructions=for_jane,
    event_handler=EventHandler(),
) as stream:
    stream.until_done()

client.beta.threads.messages.create(thread_id=thread.id, role="user", content="And `3x + 11 = 20`?")
run = client.beta.threads.runs.create_and_poll(
    thread_id=thread.id, assistant_id=assistant.id, instructions=for_jane
)
print(f"\n{run.status}")
newest = client.beta.threads.messages.list(thread_id=thread.id).data[0]
print(newest.content[0].text.value)
for step in client.beta.threads.runs.steps.list(run.id, thread_id=thread.id, order="asc").data:
    print(step.type, step.status)
