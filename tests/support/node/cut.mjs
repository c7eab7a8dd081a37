// Sends requests by OpenAI's stock Node SDK to an address where answers are cut. Says as JSON which
// objects it was given, and which errors the SDK has raised.
//
//     node cut.mjs <folder with node_modules> <address> <address that cuts> <kind> <count> <at once>

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const [folder, direct, cut, kind, count, atOnce] = process.argv.slice(2);
const { OpenAI, toFile } = createRequire(`${folder}/`)("openai");
const sdk = (address) => new OpenAI({ apiKey: "sk-of-a-test", baseURL: `${address}/api/v1` });
const undisturbed = sdk(direct);
const client = sdk(cut);
const assistant_id = "asst_default";
const tools = [{ type: "function", function: { name: "weather", parameters: {} } }];
const said = (content) => ({ messages: [{ role: "user", content }] });

const thread = async () => (await undisturbed.beta.threads.create({ metadata: { a: "b" } })).id;
const asked = async () => (await undisturbed.beta.threads.create(said("hello there"))).id;
const file = async () =>
  (await undisturbed.files.create({ file: await toFile("Open.", "a.txt"), purpose: "assistants" })).id;
const store = async () => [(await undisturbed.vectorStores.create({})).id, await file()];
const waiting = () =>
  undisturbed.beta.threads.createAndRunPoll(
    { assistant_id, tools, thread: said("hello there") },
    { pollIntervalMs: 20 },
  );

// Returns the run, after the stream's last event.
async function streamed(stream) {
  let run;
  for await (const { event, data } of await stream)
    if (event === "thread.run.completed") run = data;
  return run;
}

const { threads } = client.beta;
// What a request needs, and the request, which is given that and a name of its own.
const kinds = {
  assistant: [() => null, (_, name) => client.beta.assistants.create({ model: "m", name })],
  thread: [() => null, (_, name) => threads.create({ metadata: { name } })],
  message: [thread, (id, content) => threads.messages.create(id, { role: "user", content })],
  run: [asked, (id) => threads.runs.create(id, { assistant_id })],
  "streamed run": [
    asked,
    (id) => streamed(threads.runs.create(id, { assistant_id, stream: true })),
  ],
  "thread and run": [
    () => null,
    (_, name) => threads.createAndRun({ assistant_id, thread: said(name) }),
  ],
  "streamed thread and run": [
    () => null,
    (_, name) => streamed(threads.createAndRun({ assistant_id, thread: said(name), stream: true })),
  ],
  chat: [
    () => null,
    async (_, message) => ({ id: (await client.post("/chat", { body: { message } })).run_id }),
  ],
  "tool outputs": [
    waiting,
    ({ id, thread_id }) =>
      threads.runs.submitToolOutputs(id, {
        thread_id,
        tool_outputs: [{ tool_call_id: "call_a", output: id }],
      }),
  ],
  "vector store": [() => null, (_, name) => client.vectorStores.create({ name })],
  "vector store file": [
    store,
    async ([id, file_id]) => ({ id: (await client.vectorStores.files.create(id, { file_id })).id }),
  ],
  "file batch": [
    store,
    ([id, file_id]) => client.vectorStores.fileBatches.create(id, { file_ids: [file_id] }),
  ],
  upload: [
    () => null,
    async (_, name) =>
      client.files.create({ file: await toFile(name.repeat(500), "a.txt"), purpose: "assistants" }),
  ],
};

const [prepare, create] = kinds[kind];
const told = { ids: [], failures: [] };
let left = Number(count);
async function work() {
  while (left-- > 0) {
    const before = await prepare();
    try {
      told.ids.push((await create(before, randomUUID())).id);
    } catch (error) {
      told.failures.push(String(error));
    }
  }
}
await Promise.all(Array.from({ length: Number(atOnce) }, work));
console.log(JSON.stringify(told));
