/** The dialog's styles. Sizes in em follow the reader's font size, not the site's root size. */

const COLORS = `
  --text: #1b1d22; --muted: #5a606b; --surface: #fff; --raised: #f1f3f5; --line: #d9dde2;
  --danger: #b3261e;`;
const DARK_COLORS = `
  --text: #eceef2; --muted: #a8afba; --surface: #1b1d22; --raised: #292c33; --line: #3d424b;
  --danger: #ffb4ab;`;
/** Screens on which the dialog fills the screen. */
export const FULL_SCREEN = "(max-width: 480px), (max-height: 480px)";

/**
 * @param {"right"|"left"} side
 * @returns {string} CSS
 */
export const style = (side) => `
:host { color-scheme: light dark !important; ${COLORS} }
@media (prefers-color-scheme: dark) { :host { ${DARK_COLORS} } }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }

.launcher[aria-expanded="true"]::before {
  clip-path: path("M4 7l2-2 6 6 6-6 2 2-8 8z"); translate: 0 3px; }
.launcher.unread::after { content: ""; position: absolute; top: 0; right: 0; width: 14px;
  height: 14px; border-radius: 50%; background: #d92d20; border: 2px solid #fff; }

.dialog { position: absolute; bottom: 72px; ${side}: 0; width: min(392px, 100vw - 40px);
  height: min(640px, 100vh - 112px); display: flex; flex-direction: column; overflow: hidden;
  border: 1px solid var(--line); border-radius: 16px; background: var(--surface);
  color: var(--text); box-shadow: 0 12px 40px #0005; outline: none;
  font: 0.94em/1.55 system-ui, -apple-system, "Apple SD Gothic Neo", "Malgun Gothic",
    "Noto Sans KR", "Noto Sans CJK KR", sans-serif;
  word-break: keep-all; overflow-wrap: anywhere; text-align: start; }
@media (prefers-reduced-motion: no-preference) {
  .dialog { animation: rise 0.18s ease-out; }
  @keyframes rise { from { opacity: 0; translate: 0 12px; } }
}

button { font: inherit; color: inherit; cursor: pointer; }
button:disabled { cursor: default; opacity: 0.45; }
:focus-visible { outline: 2px solid var(--text); outline-offset: 2px; }
.icon { display: grid; place-items: center; flex: none; width: 36px; height: 36px; padding: 0;
  border: 0; border-radius: 10px; background: none; }
.icon svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round; }

header { display: flex; align-items: center; gap: 4px; padding: 10px 10px 10px 18px;
  background: var(--color); color: var(--on-color); }
.logo { display: block; max-width: 120px; height: 28px; object-fit: contain; border-radius: 6px; }
header h2 { flex: 1; margin: 0; font-size: 1.07em; font-weight: 650; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
header .icon:hover { background: color-mix(in srgb, currentColor 16%, transparent); }
header :focus-visible { outline-color: currentColor; outline-offset: -2px; }

.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px;
  scrollbar-width: thin; display: flex; flex-direction: column; gap: 14px; }
.log:focus-visible { outline-offset: -3px; }
.bubble { max-width: 88%; width: fit-content; padding: 9px 14px; border-radius: 16px; }
.answer { background: var(--raised); border-start-start-radius: 4px; }
.question { margin-inline-start: auto; background: var(--color); color: var(--on-color);
  border-end-end-radius: 4px; white-space: pre-wrap; }
/* An edge, in case the colour is close to the background. */
.question, form .icon {
  box-shadow: inset 0 0 0 1px color-mix(in srgb, currentColor 22%, transparent); }
.by-person { background: var(--surface); border: 1px solid var(--muted); }
.speaker:not(.unseen) { margin: 0 0 -2px 4px; font-size: 0.85em; font-weight: 650; }
.person-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 8px 12px;
  border-top: 1px solid var(--line); font-size: 0.92em; }
.person-bar .note { flex: 1; min-width: 12em; }
.person-bar .person-form { flex: 1; flex-wrap: wrap; padding: 0; border: 0; }
.person-form label { flex: 1; min-width: 14em; display: flex; flex-direction: column; gap: 4px; }
.person-form input { padding: 7px 10px; border: 1px solid var(--muted); border-radius: 10px;
  background: var(--surface); color: var(--text); font: inherit; }
.turn { display: flex; flex-direction: column; gap: 10px; }
.reply { display: flex; flex-direction: column; gap: 4px; }
.note { margin: 0; color: var(--muted); font-size: 0.9em; }
.note.error { color: var(--danger); }
.outline { padding: 6px 14px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--surface); text-align: start; }
.outline:hover { background: var(--raised); }
.turn:not(:last-child) > .reply > .again { display: none; }
.again { align-self: flex-start; }
.suggestions { display: flex; flex-direction: column; align-items: flex-start; gap: 8px;
  margin: 0; padding: 0; list-style: none; }
.center { align-self: center; }
.actions { display: flex; align-items: center; gap: 2px; color: var(--muted); }
.actions .icon { width: 30px; height: 30px; }
.actions .icon svg { width: 17px; height: 17px; }
.actions .icon:hover { background: var(--raised); }
.actions [aria-pressed="true"] { color: var(--text); }
.actions [aria-pressed="true"] svg { fill: color-mix(in srgb, currentColor 30%, transparent); }
.comment-row { display: flex; align-items: flex-end; gap: 8px; }
.comment-row[hidden] { display: none; }
.comment p { margin: 0; color: var(--muted); font-size: 0.88em; }

.approvals { display: flex; flex-direction: column; gap: 8px; }
.approvals[hidden] { display: none; }
.approval { padding: 10px 12px; border: 1px solid var(--line); border-radius: 12px; }
.approval p { margin: 0; overflow-wrap: anywhere; }
.approval-where { color: var(--muted); font-size: 0.88em; }
.approval pre { max-height: 10em; margin: 8px 0; padding: 8px 10px; overflow: auto;
  border-radius: 8px; background: var(--raised); white-space: pre-wrap; overflow-wrap: anywhere;
  font: 0.85em ui-monospace, "SFMono-Regular", Consolas, monospace; }
.approval-row { display: flex; flex-wrap: wrap; gap: 8px; }

.dots { display: inline-flex; gap: 4px; padding: 6px 0; }
.dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); }
@media (prefers-reduced-motion: no-preference) {
  .dots i { animation: blink 1.2s infinite; }
  .dots i:nth-child(2) { animation-delay: 0.2s; }
  .dots i:nth-child(3) { animation-delay: 0.4s; }
  @keyframes blink { 0%, 60%, 100% { opacity: 0.3; } 30% { opacity: 1; } }
}

.markdown > :first-child { margin-top: 0; }
.markdown > :last-child { margin-bottom: 0; }
.markdown :is(p, ul, ol, pre, blockquote, table) { margin: 0.6em 0; }
.markdown :is(h1, h2, h3, h4, h5, h6) { margin: 0.9em 0 0.4em; font-size: 1.05em; }
.markdown :is(ul, ol) { padding-inline-start: 1.4em; }
.markdown a { color: inherit; text-decoration: underline; text-underline-offset: 2px; }
.markdown code { padding: 0.1em 0.3em; border-radius: 4px; background: var(--line);
  font: 0.92em ui-monospace, "SFMono-Regular", Consolas, monospace; }
.markdown pre { padding: 10px 12px; border-radius: 8px; background: var(--line);
  white-space: pre-wrap; }
.markdown pre code { display: block; padding: 0; background: none; }
.code-part { display: block; }
.markdown .plain-text { white-space: pre-wrap; }
.markdown > :is(.plain-more, .block-part) { margin-top: -0.6em; }
.math-display { display: block; margin: 0.4em 0; overflow-x: auto; text-align: center; }
.math-display:not(:has(math)), .math-failed { font: 0.92em ui-monospace, Consolas, monospace; }
.markdown blockquote { padding-inline-start: 10px; border-inline-start: 3px solid var(--muted); }
.markdown table { border-collapse: collapse; font-size: 0.93em; }
.markdown :is(th, td) { padding: 3px 8px; border: 1px solid var(--muted); }
.markdown hr { border: 0; border-top: 1px solid var(--muted); }

.calls { display: flex; flex-direction: column; gap: 4px; color: var(--muted); font-size: 0.88em; }
.calls:empty { display: none; }
.call-line, .call summary { display: flex; align-items: center; gap: 6px; }
.call summary { cursor: pointer; list-style: none; }
.call summary::-webkit-details-marker { display: none; }
.call summary:hover { color: var(--text); }
.call summary > svg { transition: transform 0.15s; }
.call[open] summary > svg { transform: rotate(90deg); }
.call svg { width: 15px; height: 15px; flex: none; fill: none; stroke: currentColor;
  stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.step-icon, .step-state { display: inline-flex; }
.step-body:not(:empty) { margin-top: 4px; }
.piece h3 { margin: 6px 0 2px; font-size: 0.9em; font-weight: 650; }
.piece p { margin: 0; }
.call:not(details) .piece h3 { display: none; }
.piece pre { max-height: 12em; margin: 0; padding: 8px 10px; overflow: auto; border-radius: 8px;
  background: var(--raised); color: var(--text); white-space: pre-wrap;
  font: 0.92em/1.5 ui-monospace, "SFMono-Regular", Consolas, monospace; }
.picture { margin: 0.6em 0; }
.picture canvas { display: block; max-width: 100%; border: 1px solid var(--line);
  border-radius: 8px; background: #fff; }
.picture figcaption { margin-top: 2px; font-size: 0.88em; }
.download, .file-link, .picture-address a { padding: 0; border: 0; background: none;
  color: inherit; text-align: start; text-decoration: underline; text-underline-offset: 2px; }
.files { margin: 4px 0 0; padding: 0; list-style: none; font-size: 0.88em; }
.unknown-part pre { margin: 4px 0; padding: 8px 10px; border-radius: 8px; background: var(--line);
  white-space: pre-wrap; }

.citation { min-width: 1.6em; height: 1.6em; margin: 0 1px; padding: 0 4px; border: 0;
  border-radius: 6px; background: var(--text); color: var(--surface); font-size: 0.75em;
  line-height: 1.6; vertical-align: 0.25em; }
.sources { display: flex; flex-direction: column; gap: 4px; margin: 4px 0 0; padding: 0;
  list-style: none; font-size: 0.88em; }
.sources button { padding: 2px 8px; border: 1px solid var(--line); border-radius: 8px;
  background: none; color: var(--muted); text-align: start; }
.sources button:hover { background: var(--raised); }
.sources blockquote { max-height: 12em; margin: 4px 0 4px; padding: 8px 12px; overflow-y: auto;
  border-inline-start: 3px solid var(--muted); background: var(--raised); white-space: pre-wrap; }

form { display: flex; align-items: flex-end; gap: 8px; margin: 0; padding: 10px 12px;
  padding-bottom: max(10px, env(safe-area-inset-bottom)); border-top: 1px solid var(--line); }
textarea { flex: 1; min-width: 0; max-height: 7.5em; margin: 0; padding: 8px 12px; resize: none;
  border: 1px solid var(--muted); border-radius: 12px;
  background: var(--surface); color: var(--text); font: inherit; }
textarea::placeholder { color: var(--muted); opacity: 1; }
textarea:focus-visible { outline-color: var(--muted); outline-offset: -1px; }
form .icon { width: 40px; height: 40px; border-radius: 12px; background: var(--color);
  color: var(--on-color); forced-color-adjust: none; }
.stop svg { fill: currentColor; }

@media ${FULL_SCREEN} {
  .dialog { position: fixed; inset: 0; top: var(--top, 0); bottom: auto; width: 100%;
    height: var(--height, 100dvh); border: 0; border-radius: 0; }
  .launcher[aria-expanded="true"] { visibility: hidden; }
  textarea { font-size: max(16px, 1em); }
}`;
