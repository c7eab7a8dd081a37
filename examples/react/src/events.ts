// Reads server-sent events with `fetch`: an EventSource can neither POST nor send a token.

export interface ServerEvent {
  id: string | null;
  name: string;
  data: string;
}

export async function* eventsOf(response: Response): AsyncGenerator<ServerEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      // A chunk may end in the middle of an event.
      const whole = (rest + value).split("\n\n");
      rest = whole.pop()!;
      for (const event of whole) {
        const name = field(event, "event");
        // Without a name it is a keep-alive comment.
        if (name) yield { id: field(event, "id"), name, data: field(event, "data") ?? "" };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function field(event: string, name: string): string | null {
  const line = event.split("\n").find((line) => line.startsWith(`${name}: `));
  return line === undefined ? null : line.slice(name.length + 2);
}
