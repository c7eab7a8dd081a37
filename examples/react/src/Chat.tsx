import { useState, type FormEvent } from "react";

import { useThread } from "./useThread";

export function Chat({ title }: { title: string }) {
  const { turns, busy, error, send, stop, startOver } = useThread();
  const [draft, setDraft] = useState("");

  async function submit(event: FormEvent) {
    event.preventDefault();
    const message = draft.trim();
    if (busy || !message) return;
    setDraft("");
    if (!(await send(message))) setDraft(message);
  }

  return (
    <main className="chat">
      <header>
        <h1>{title}</h1>
        <button type="button" onClick={startOver}>
          새 대화
        </button>
      </header>
      <div role="log" aria-busy={busy}>
        {turns.map((turn, place) => (
          // React escapes text: an answer can't inject HTML.
          <p key={place} className={turn.role}>
            {turn.text}
          </p>
        ))}
      </div>
      {error && <p role="alert">{error}</p>}
      <form onSubmit={submit}>
        <input
          aria-label="메시지"
          placeholder="무엇이든 물어보세요"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
        {busy ? (
          <button type="button" onClick={stop}>
            멈추기
          </button>
        ) : (
          <button>보내기</button>
        )}
      </form>
    </main>
  );
}
