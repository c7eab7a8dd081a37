// A plain call, then a streamed one in the same conversation.
// Needs only Node.js 18 or newer.
//
//     node node.mjs
//     node node.mjs "여름 할인 문구를 한 줄로 써 주세요." "더 짧게 써 주세요."

const SERVER = process.env.THREADKEEPER_URL ?? "http://127.0.0.1:8010/api/v1";
const API_KEY = process.env.THREADKEEPER_API_KEY;

const QUESTIONS = [
  "매장 입구 화면에 띄울 여름 할인 문구를 한 줄로 써 주세요.",
  "제가 방금 뭐라고 했죠?",
];

async function post(body) {
  const response = await fetch(`${SERVER}/chat`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(API_KEY && { Authorization: `Bearer ${API_KEY}` }),
    },
    body: JSON.stringify(body),
  });
  // {"error": {"message": …, "type": …, "param": …, "code": …}}
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response;
}

// Returns the complete answer.
async function say(message, thread_id) {
  const response = await post({ message, thread_id });
  return response.json();
}

// Calls onDelta with each piece of the answer; returns the same object as `say`.
async function stream(message, thread_id, onDelta) {
  const response = await post({ message, thread_id, stream: true });
  for await (const [name, data] of events(response.body)) {
    if (name === "delta") onDelta(data.delta);
    if (name === "message") return data;
    if (name === "error") throw new Error(data.error.message);
  }
  // The run continues on the server: GET /threads/{id}/messages returns the answer later.
  throw new Error("The connection was lost in the middle of the answer.");
}

// Yields each server-sent event's name and data. A chunk may end in the middle of an event.
async function* events(body) {
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + chunk).split("\n\n");
    rest = whole.pop();
    for (const event of whole) {
      const name = field(event, "event");
      // Without a name it is a keep-alive comment.
      if (name) yield [name, JSON.parse(field(event, "data"))];
    }
  }
}

// Lines are "name: value". Not a regular expression: its `$` also matches before line separators
// that a text may contain.
function field(event, name) {
  const line = event.split("\n").find((line) => line.startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}

const [first, second] = process.argv.length > 3 ? process.argv.slice(2) : QUESTIONS;

console.log(`> ${first}`);
const answer = await say(first);
console.log(answer.message);

console.log(`\n> ${second}`);
const { thread_id, usage } = await stream(second, answer.thread_id, (delta) =>
  process.stdout.write(delta),
);
console.log(`\n\nthread: ${thread_id}, tokens: ${usage.total_tokens}`);
