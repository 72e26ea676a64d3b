// A local n8n with the nodes installed, both credentials filled in and the example workflow published, against the sandbox:
// `npm run n8n`. Everything is on this machine and gone when it is stopped.
import { once } from 'node:events';
import { publishExample, readExample } from '../../test/n8n/example.mts';
import { CUSTOMER, openStage } from '../../test/n8n/stage.mts';
import { fileURLToPath } from 'node:url';
import { findPostgres } from '../../test/n8n/postgres.mts';
import { installOnce } from '../install-once.mts';

const EXAMPLE = 'onboard-tenant';
const say = (text: string) => process.stdout.write(`${text}\n`);

if (findPostgres() === undefined) refuse("PostgreSQL keeps n8n's data here, and it is not on this machine (Debian: apt-get install postgresql).");
say('Looking for n8n; the first time it is installed: some minutes and 2.7 GB …');
if (!installOnce(fileURLToPath(new URL('.', import.meta.url)))) refuse('n8n could not be installed.');
say('Starting the sandbox, the backup portal and n8n …');
const stage = await openStage({ port: 5678, engine: 'vm' });
try {
  const kept = await stage.saveCredentials();
  const workflowId = await publishExample(stage.client, readExample(EXAMPLE), kept);
  tell(workflowId);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
} finally {
  await stage.close();
}

function tell(workflowId: string): void {
  const { server, client, portal, sandbox } = stage;
  const customer = sandbox.ready.tenants.find(({ domain }) => domain === CUSTOMER.domain);
  const admin = customer?.users.find(({ roles, notes }) => roles.includes('Global Administrator') && notes === '');
  say(`
  n8n            ${server.origin}
  sign in        ${client.owner.email}   ${client.owner.password}
  the workflow   ${server.origin}/workflow/${workflowId}
  1. invite      ${server.origin}/form/m365-invite   (e.g. ${CUSTOMER.name}, ${CUSTOMER.id}, ${CUSTOMER.domain})
  2. the admin   opens the address it shows and signs in at the sandbox: ${admin?.upn ?? ''}   ${admin?.password ?? ''}
                 (in another browser profile; it will warn of the sandbox's own certificate authority, ${sandbox.ready.caFile})
  3. choose      ${server.origin}/form/m365-choose-admin?customerId=${CUSTOMER.id}   (a minute or two later, when the consent is proven)
  the portal     ${portal.url}

  Ctrl+C ends all of it.`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
