/** The look of the sign-in pages: one card, light or dark as the system is, and a focus nobody can overlook. */

export const STYLE = `
:root { color-scheme: light dark; --page: #eef1f4; --card: #fff; --ink: #1b2126; --soft: #55616c; --line: #dde3e8; --accent: #0b5f6c;
  --on-accent: #fff; --quiet: #e9edf0; --bad: #a3231b; --bad-back: #fcefee; --good: #1c6b37; --warn: #7a4b00; --warn-back: #fdf3e0; }
@media (prefers-color-scheme: dark) { :root { --page: #14181b; --card: #1e2428; --ink: #eef2f4; --soft: #a9b5be; --line: #364048; --accent: #6cc5d3;
  --on-accent: #0b1a1d; --quiet: #2d363c; --bad: #ff9d94; --bad-back: #3a2220; --good: #87d3a0; --warn: #f0c57c; --warn-back: #38301f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 14px; padding: 24px 12px;
  background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", sans-serif; }
main { width: min(470px, 100%); background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 6px 24px rgb(0 0 0 / 8%); overflow: hidden; }
.brand { display: flex; align-items: center; gap: 8px; margin: 0; padding: 14px 32px; border-bottom: 1px solid var(--line); color: var(--soft); font-weight: 600; }
.brand::before { content: ""; width: 10px; height: 10px; border-radius: 3px; background: var(--accent); transform: rotate(45deg); }
.content { padding: 22px 32px 28px; }
footer { color: var(--soft); font-size: 12px; text-align: center; }
h1 { margin: 0 0 6px; font-size: 23px; line-height: 1.25; font-weight: 600; }
h2 { display: flex; justify-content: space-between; align-items: baseline; margin: 18px 0 2px; font-size: 14px; font-weight: 600; }
h2 small { color: var(--soft); font-weight: 400; }
p { margin: 8px 0; }
ul { margin: 0; padding: 0; list-style: none; }
button { min-width: 112px; padding: 9px 16px; font: inherit; font-weight: 600; cursor: pointer; border: 1px solid transparent; border-radius: 6px; background: var(--quiet); color: var(--ink); }
button:hover { border-color: var(--soft); }
button.primary { background: var(--accent); color: var(--on-accent); }
button.text { min-width: 0; padding: 4px 0; background: none; color: var(--accent); font-weight: 400; text-align: left; text-decoration: underline; text-underline-offset: 3px; border-radius: 3px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.actions { display: flex; flex-wrap: wrap; gap: 10px; justify-content: flex-end; margin-top: 22px; }
.who { display: flex; align-items: center; gap: 8px; margin: 0 0 16px; padding-bottom: 12px; border-bottom: 1px solid var(--line); font-size: 14px; overflow-wrap: anywhere; }
.who form { margin-left: auto; }
.app { display: flex; gap: 12px; align-items: center; margin: 14px 0; }
.tile, .face { flex: none; display: grid; place-items: center; background: var(--quiet); color: var(--accent); font-weight: 700; }
.tile { width: 44px; height: 44px; border-radius: 9px; font-size: 16px; }
.face { width: 36px; height: 36px; border-radius: 50%; font-size: 13px; }
.app .tile { color: var(--accent); font-size: 16px; }
.app strong { display: block; font-size: 16px; line-height: 1.3; }
.app span, .app small { color: var(--soft); font-size: 13px; }
.verified { color: var(--good) !important; }
.unverified { color: var(--warn) !important; }
.accounts { margin: 14px -12px 0; }
.accounts button { display: flex; gap: 12px; align-items: center; width: 100%; padding: 9px 12px; background: none; font-weight: 400; text-align: left; }
.accounts button:hover { background: var(--quiet); border-color: transparent; }
.accounts strong, .accounts small { display: block; overflow-wrap: anywhere; }
.accounts small { color: var(--soft); }
.permissions li { border-bottom: 1px solid var(--line); }
.permissions summary { display: flex; gap: 10px; align-items: baseline; padding: 8px 2px; cursor: pointer; list-style: none; }
.permissions summary small { margin-left: auto; color: var(--soft); white-space: nowrap; }
.permissions summary::before { content: "+"; flex: none; width: 12px; color: var(--accent); font-weight: 700; }
.permissions details[open] summary::before { content: "\\2212"; }
.permissions summary::-webkit-details-marker { display: none; }
.permissions p { margin: 0 0 10px 22px; color: var(--soft); font-size: 13px; }
code { font: 12.5px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
label { display: block; margin-top: 14px; font-weight: 600; }
input[type=text], input[type=password], textarea { display: block; width: 100%; margin-top: 5px; padding: 9px 11px; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--soft); border-radius: 6px; }
.note { padding: 10px 12px; border-radius: 6px; background: var(--quiet); font-size: 14px; }
.caution { background: var(--warn-back); color: var(--warn); }
.failure { margin: 12px 0; padding: 10px 12px; border-radius: 6px; background: var(--bad-back); }
.error { margin: 0; color: var(--bad); }
.detail { margin: 6px 0 0; color: var(--soft); font-size: 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 420px) { .brand { padding: 12px 18px; } .content { padding: 18px; } .actions button { flex: 1; } }
`;
