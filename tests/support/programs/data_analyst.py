"""A chat page's server that analyses the files its users drop: the flow of Chainlit's example.

    python data_analyst.py <CSV file>

What it would show on its page it prints: one line for each thing, in order.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from openai import AsyncAssistantEventHandler, AsyncOpenAI

client: Any = AsyncOpenAI()


class Message:
    """A message on the page."""

    def __init__(self) -> None:
        self.content = ""
        self.elements: list[str] = []


class EventHandler(AsyncAssistantEventHandler):
    """Raises nothing itself: whatever fails in it fails the program."""

    def __init__(self) -> None:
        super().__init__()
        self.message: Any = None
        self.tool_call: Any = None
        self.input = self.output = ""
        self.done: set[str] = set()

    async def on_text_created(self, text: Any) -> None:
        self.message = Message()

    async def on_text_delta(self, delta: Any, snapshot: Any) -> None:
        if delta.value:
            self.message.content += delta.value

    async def on_text_done(self, text: Any) -> None:
        for annotation in text.annotations:
            if annotation.type == "file_path":
                files = client.files.with_raw_response
                response = await files.content(annotation.file_path.file_id)
                name = annotation.text.split("/")[-1]
                print(f"file: {name}: {len(response.content)} bytes")
                self.message.content = self.message.content.replace(annotation.text, f"/{name}")
        print(f"message: {self.message.content}")

    async def on_tool_call_created(self, tool_call: Any) -> None:
        self.tool_call = tool_call.id
        print(f"step: {tool_call.type}")

    async def on_tool_call_delta(self, delta: Any, snapshot: Any) -> None:
        if snapshot.id != self.tool_call:
            self.tool_call, self.input, self.output = snapshot.id, "", ""
            print(f"step: {delta.type}")
        if delta.code_interpreter.outputs:
            for output in delta.code_interpreter.outputs:
                if output.type == "logs":
                    self.output += output.logs
                else:
                    print(f"shown in the step: {output.image.file_id is not None}")
        elif delta.code_interpreter.input:
            self.input += delta.code_interpreter.input

    async def on_tool_call_done(self, tool_call: Any) -> None:
        # The SDK calls this again when later steps are done.
        if tool_call.id in self.done:
            return
        self.done.add(tool_call.id)
        same = tool_call.code_interpreter.input == self.input
        print(f"code: {same}\noutput: {self.output!r}")

    async def on_image_file_done(self, image_file: Any) -> None:
        response = await client.files.with_raw_response.content(image_file.file_id)
        # The page adds it to the message whose text has begun.
        self.message.elements.append(image_file.file_id)
        print(f"picture: {response.content[1:4].decode()}")

    async def on_exception(self, exception: Exception) -> None:
        print(f"error: {exception}")


async def main(path: Path) -> None:
    assistant = await client.beta.assistants.create(
        name="Data Analyst",
        instructions="You analyse data.",
        tools=[{"type": "code_interpreter"}, {"type": "file_search"}],
        model="gpt-4o",
        temperature=0.1,
    )
    thread = await client.beta.threads.create()
    file = await client.files.create(file=path, purpose="assistants")
    await client.beta.threads.messages.create(
        thread_id=thread.id,
        role="user",
        content="Make a data analysis on the file.",
        attachments=[{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}],
    )
    async with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=assistant.id, event_handler=EventHandler()
    ) as stream:
        await stream.until_done()


asyncio.run(main(Path(sys.argv[1])))
