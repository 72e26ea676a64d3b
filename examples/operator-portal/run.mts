/**
 * The operator's portal, on this machine, against the sandbox: certificates in a browser.
 *
 *   npm run portal                  until Ctrl+C
 *   npm run portal -- --port 4200
 *   npm run portal -- --try         starts it, signs in, opens each page of the menu, ends
 */
import { parseArgs } from 'node:util';
import { type PortalStage, setPortalStage } from './stage.mts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, try: { type: 'boolean', default: false } } });

async function main(): Promise<void> {
  process.stdout.write('\n  Starting the sandbox, an installation and its portal\n');
  const stage = await setPortalStage({ port: Number(values.port) });
  try {
    await (values.try ? tryOut(stage) : stay(stage));
  } finally {
    await stage.close();
  }
}

async function stay({ portal, sandbox }: PortalStage): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
  const say = () => process.stdout.write(`\n  Sign in once, within ten minutes:\n    ${portal.issueSignInLink()}\n`);
  process.stdout.write(`\n  Portal  ${portal.url}\n`);
  say();
  process.stdout.write(`\n  Enter gives another link, Ctrl+C ends everything.\n  A rotation takes a day; to move its clock by an hour:\n    curl -d '{"advanceSeconds":3600}' ${sandbox.ready.control}/clock\n\n`);
  if (process.stdin.isTTY) process.stdin.on('data', say);
  await ended;
  process.stdin.pause();
}

/** What a browser would do first. Raises when a page does not answer. */
async function tryOut({ portal, secrets, certificateId }: PortalStage): Promise<void> {
  const code = new URL(portal.issueSignInLink()).searchParams.get('code') ?? '';
  const signedIn = await fetch(`${portal.url}/sign-in`, { method: 'POST', redirect: 'manual', headers: { origin: portal.url }, body: new URLSearchParams({ code }) });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const paths = ['/certificates', '/certificates/new', '/certificates/import', '/inspect', '/check', `/certificates/${certificateId}`, `/certificates/${certificateId}/rotation`];
  for (const path of paths) {
    const answer = await fetch(`${portal.url}${path}`, { headers: { cookie } });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}.`);
    if (secrets.some((secret) => text.includes(secret))) throw new Error(`${path} shows a secret.`);
  }
  process.stdout.write(`  Signed in once; ${paths.length} pages answered\n\n`);
}

process.exitCode = await main().then(
  () => 0,
  (error: unknown) => {
    process.stderr.write(`\n  The portal stopped: ${error instanceof Error ? error.message : 'for an unknown reason'}\n`);
    return 1;
  },
);
