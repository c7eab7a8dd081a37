// Calls the server, with a session token if the server requires one.

const SERVER: string = import.meta.env.THREADKEEPER_URL ?? "http://127.0.0.1:8010/api/v1";
const TOKEN = "threadkeeper-session";

// An error that the server returned; `message` may be shown to users.
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

interface Options {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

// Returns a successful response. Throws ApiError, and whatever `fetch` throws.
export async function call(path: string, options: Options = {}): Promise<Response> {
  await ready();
  try {
    return await send(path, options);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401 && localStorage.getItem(TOKEN)))
      throw error;
    await openSession(); // the token has expired
    return send(path, options);
  }
}

async function send(path: string, { method, body, headers, signal }: Options): Promise<Response> {
  const token = localStorage.getItem(TOKEN);
  const response = await fetch(SERVER + path, {
    method: method ?? "GET",
    headers: {
      ...headers,
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
  });
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  const message = said?.error?.message ?? `The server answered ${response.status}.`;
  throw new ApiError(message, response.status, said?.error?.code);
}

let asked: Promise<void> | undefined;

// Checks once whether the server requires a session; tries again if the check failed.
function ready(): Promise<void> {
  asked ??= prepare().catch((error: unknown) => {
    asked = undefined;
    throw error;
  });
  return asked;
}

async function prepare(): Promise<void> {
  const access = await (await send("/access", {})).json();
  if (access.mode === "open") localStorage.removeItem(TOKEN);
  else if (!access.public_chat) throw new ApiError("PUBLIC_CHAT is off on the server.", 403);
  else if (!localStorage.getItem(TOKEN)) await openSession();
}

// Sends an earlier token along, so that the visitor keeps the session and its conversation.
async function openSession(): Promise<void> {
  const session = await (await send("/chat/sessions", { method: "POST" })).json();
  localStorage.setItem(TOKEN, session.token);
}
