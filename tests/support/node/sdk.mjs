// A program of OpenAI's Node SDK for each scenario. Says as JSON what it was told.
//
//     node sdk.mjs <folder with node_modules> <address> <scenario> <assistant id> [azure]

import { createRequire } from "node:module";

const [folder, address, scenario, assistant_id, kind] = process.argv.slice(2);
const { AzureOpenAI, OpenAI } = createRequire(`${folder}/`)("openai");
const options = { apiKey: "sk-of-a-test", maxRetries: 0 };
const client =
  kind === "azure"
    ? new AzureOpenAI({ ...options, endpoint: address, apiVersion: "2024-05-01-preview" })
    : new OpenAI({ ...options, baseURL: `${address}/api/v1` });
const { threads } = client.beta;
const { runs, messages } = threads;
const thread = { messages: [{ role: "user", content: "hello there" }] };
const tools = [
  { type: "function", function: { name: "weather", parameters: { type: "object" } } },
  { type: "function", function: { name: "time" } },
];

// Listens to a stream and returns what its handlers and its promises were given.
async function heard(stream) {
  const told = { events: [], texts: "", calls: [], arguments: "", messages: [], steps: [] };
  for (const name of ["messageCreated", "messageDone", "runStepCreated", "runStepDone", "end"])
    stream.on(name, () => told.events.push(name));
  stream.on("textDelta", (delta) => (told.texts += delta.value ?? ""));
  stream.on("toolCallDelta", (delta) => (told.arguments += delta.function?.arguments ?? ""));
  stream.on("toolCallDone", (call) => told.calls.push([call.id, call.function.arguments]));
  // The SDK's own snapshots know what deltas bring; how an object ended is told to handlers.
  stream.on("messageDone", (message) => told.messages.push(message));
  stream.on("runStepDone", (step) => told.steps.push(step));
  told.run = await stream.finalRun();
  told.snapshots = (await stream.finalMessages()).map((message) => message.content);
  await stream.finalRunSteps();
  return told;
}

async function listed(page) {
  const all = [];
  for await (const item of page) all.push(item);
  return all;
}

const outputs = (run) =>
  run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: `output of ${call.function.name}`,
  }));

const scenarios = {
  async stream() {
    const { id } = await threads.create(thread);
    return heard(runs.stream(id, { assistant_id }));
  },
  async createAndRunStream() {
    return heard(threads.createAndRunStream({ assistant_id, thread }));
  },
  async iterate() {
    const { id } = await threads.create(thread);
    const events = [];
    for await (const event of runs.stream(id, { assistant_id })) events.push(event.event);
    return events;
  },
  async tools() {
    const { id } = await threads.create(thread);
    const first = await heard(runs.stream(id, { assistant_id, tools }));
    const stream = runs.submitToolOutputsStream(first.run.id, {
      thread_id: id,
      tool_outputs: outputs(first.run),
    });
    return [first, await heard(stream)];
  },
  async createAndPoll() {
    const { id } = await threads.create(thread);
    return runs.createAndPoll(id, { assistant_id });
  },
  async createAndRunPoll() {
    const run = await threads.createAndRunPoll({ assistant_id, thread, tools });
    if (run.status !== "requires_action") return run;
    const params = { thread_id: run.thread_id, tool_outputs: outputs(run) };
    return runs.submitToolOutputsAndPoll(run.id, params);
  },
  async failure() {
    return heard(threads.createAndRunStream({ assistant_id, thread }));
  },
  async cancel() {
    const { id } = await threads.create(thread);
    const stream = runs.stream(id, { assistant_id });
    stream.on("textDelta", () => void runs.cancel(stream.currentRun().id, { thread_id: id }));
    return heard(stream);
  },
  async paging() {
    const { id } = await threads.create();
    for (let number = 0; number < 7; number++)
      await messages.create(id, { role: "user", content: `message ${number}` });
    const all = await listed(messages.list(id, { limit: 3, order: "asc" }));
    return all.map((message) => message.content[0].text.value);
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
