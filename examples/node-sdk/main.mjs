// OpenAI's SDK: an assistant, a thread, and a run that calls a function of this program.
// Only `baseURL` differs from a program written for OpenAI.
//
//     npm install
//     npm start

import OpenAI from "openai";

const client = new OpenAI({
  baseURL: process.env.THREADKEEPER_URL ?? "http://127.0.0.1:8010/api/v1",
  // The SDK requires a key even if the server doesn't.
  apiKey: process.env.THREADKEEPER_API_KEY || "not-needed",
});
const { assistants, threads } = client.beta;
const MODEL = process.env.THREADKEEPER_MODEL ?? "gpt-5.4-mini";

const STOCK = { 우산: 3, 선풍기: 12 };
const TOOL = {
  type: "function",
  function: {
    name: "count_stock",
    description: "Returns how many of a product are in stock.",
    parameters: {
      type: "object",
      properties: { product: { type: "string", enum: Object.keys(STOCK) } },
      required: ["product"],
    },
  },
};
// The demo model calls a function if the message names it; a real model needs no such hint.
const QUESTION = "count_stock으로 우산 재고를 확인하고 화면에 띄울 문구를 한 줄로 써 주세요.";

function outputOf(call) {
  const { product } = JSON.parse(call.function.arguments);
  const output = JSON.stringify({ product, in_stock: STOCK[product] ?? 0 });
  console.log(`${call.function.name}(${call.function.arguments}) → ${output}`);
  return { tool_call_id: call.id, output };
}

// Prints the answer while it is written, and returns the run's final status.
async function run(thread_id, assistant_id) {
  let stream = threads.runs.stream(thread_id, { assistant_id });
  for (;;) {
    stream.on("textDelta", (delta) => process.stdout.write(delta.value ?? ""));
    const ended = await stream.finalRun();
    if (ended.status !== "requires_action") return ended.status;
    const calls = ended.required_action.submit_tool_outputs.tool_calls;
    stream = threads.runs.submitToolOutputsStream(ended.id, {
      thread_id,
      tool_outputs: calls.map(outputOf),
    });
  }
}

const assistant = await assistants.create({
  model: MODEL,
  name: "매장 도우미",
  instructions: "매장 화면에 띄울 문구를 한국어로 짧게 쓰세요.",
  tools: [TOOL],
});
const thread = await threads.create();
await threads.messages.create(thread.id, { role: "user", content: QUESTION });
console.log(`> ${QUESTION}`);
console.log(`\nrun: ${await run(thread.id, assistant.id)}`);

// The server keeps both for reuse; an example cleans up after itself.
await threads.delete(thread.id);
await assistants.delete(assistant.id);
