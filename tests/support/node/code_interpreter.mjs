// Streams a run whose model writes and runs code. Says as JSON what the SDK's stream reported.
//
//     node code_interpreter.mjs <folder with node_modules> <base URL>

import { createRequire } from "node:module";

const [folder, baseURL] = process.argv.slice(2);
const { OpenAI, toFile } = createRequire(`${folder}/`)("openai");
const client = new OpenAI({ apiKey: "sk-of-a-test", baseURL, maxRetries: 0 });
const tools = [{ type: "code_interpreter" }];

const content = Buffer.from("화면,재생 횟수\n로비,12\n입구,7\n");
const file = await client.files.create({
  file: await toFile(content, "plays.csv"),
  purpose: "assistants",
});
const assistant = await client.beta.assistants.create({
  model: "gpt-4o",
  instructions: "You analyse data.",
  tools,
});
const thread = await client.beta.threads.create({
  messages: [{ role: "user", content: "Analyse it.", attachments: [{ file_id: file.id, tools }] }],
});

const told = { order: [], input: "", inputs: 0, calls: [], pictures: [] };
const note = (what) => told.order.at(-1) !== what && told.order.push(what);
const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
stream.on("toolCallCreated", () => note("created"));
stream.on("toolCallDelta", (delta) => {
  const { input, outputs } = delta.code_interpreter;
  if (input) {
    note("input");
    told.input += input;
    told.inputs += 1;
  }
  for (const output of outputs ?? []) note(output.type);
});
stream.on("toolCallDone", (call) => {
  note("done");
  told.calls.push(call);
});
stream.on("imageFileDone", (image) => told.pictures.push(image.file_id));
stream.on("messageDone", (message) => (told.message = message));
await stream.finalRun();
console.log(JSON.stringify(told));
