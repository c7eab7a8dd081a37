"""An assistant with a file of its own, its steps, its picture and its download: the flow of the
cookbook's overview of Assistants.

    python overview.py <data file> <folder for results>
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from openai import OpenAI

data, results = (Path(argument) for argument in sys.argv[1:])
client: Any = OpenAI()


def wait_on_run(run: Any, thread: Any) -> Any:
    while run.status in ("queued", "in_progress"):
        run = client.beta.threads.runs.retrieve(run_id=run.id, thread_id=thread.id)
        time.sleep(0.1)
    return run


assistant = client.beta.assistants.create(
    name="Math Tutor",
    instructions="You are a personal math tutor. Answer questions briefly.",
    model="gpt-4o",
)
assistant = client.beta.assistants.update(assistant.id, tools=[{"type": "code_interpreter"}])
print(json.dumps(assistant.to_dict()["tool_resources"]))

with data.open("rb") as opened:
    file = client.files.create(file=opened, purpose="assistants")
assistant = client.beta.assistants.update(
    assistant.id,
    tools=[{"type": "code_interpreter"}],
    tool_resources={"code_interpreter": {"file_ids": [file.id]}},
)
assert assistant.tool_resources.code_interpreter.file_ids == [file.id]

thread = client.beta.threads.create()
client.beta.threads.messages.create(
    thread_id=thread.id, role="user", content="Summarize the file and draw its numbers."
)
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
run = wait_on_run(run, thread)
print(run.status)

steps = client.beta.threads.runs.steps.list(thread_id=thread.id, run_id=run.id, order="asc")
for step in steps.data:
    details = step.step_details
    if details.type == "tool_calls":
        for call in details.tool_calls:
            kinds = [output.type for output in call.code_interpreter.outputs]
            print(len(call.code_interpreter.input) > 0, kinds)

message = client.beta.threads.messages.list(thread_id=thread.id).data[0]
for part in message.content:
    if part.type == "image_file":
        picture = client.files.content(part.image_file.file_id)
        (results / "picture.png").write_bytes(picture.read())
    else:
        text = part.text.value
        for annotation in part.text.annotations:
            name = annotation.text.rpartition("/")[2]
            content = client.files.content(annotation.file_path.file_id)
            (results / name).write_bytes(content.read())
            text = text.replace(annotation.text, name)
        print(text)
