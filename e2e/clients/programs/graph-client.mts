// Microsoft's Graph client with its own middleware: pages, a batch, throttling, refusals; and a certificate put on an app.
import { readFileSync } from 'node:fs';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { BatchRequestContent, BatchResponseContent, Client, type GraphError, PageIterator, type PageCollection } from '@microsoft/microsoft-graph-client';
import { readTask, refusalOf, report } from './program.mts';

const task = readTask();

function graphOf(tenantId: string): Client {
  const auth = { clientId: task.appId, clientSecret: task.clientSecret, authority: `${task.login}/${tenantId}`, knownAuthorities: task.isElsewhere ? [new URL(task.login).host] : [] };
  const msal = new ConfidentialClientApplication({ auth });
  const getAccessToken = async () => (await msal.acquireTokenByClientCredential({ scopes: [task.scope] }))?.accessToken ?? '';
  return Client.initWithMiddleware({ authProvider: { getAccessToken }, baseUrl: `${task.graph}/`, ...(task.isElsewhere ? { customHosts: new Set(['localhost']) } : {}) });
}

async function register(): Promise<object> {
  const graph = graphOf(task.homeTenantId);
  const der = readFileSync(task.certificate.certificateFile, 'utf8').replaceAll(/-----[A-Z ]+-----|\s/g, '');
  await graph.api(`/applications/${task.objectId}`).patch({ keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', displayName: null, key: der }] });
  const { keyCredentials } = (await graph.api(`/applications/${task.objectId}`).get()) as { readonly keyCredentials: readonly object[] };
  return { keyCredentials };
}

async function read(): Promise<object> {
  const graph = graphOf(task.tenantId);
  const first = (await graph.api('/users').top(3).select('id,userPrincipalName').get()) as PageCollection;
  const names: string[] = [];
  await new PageIterator(graph, first, (person: { readonly userPrincipalName: string }) => names.push(person.userPrincipalName) > 0).iterate();
  const get = (id: string, path: string) => ({ id, request: new Request(`https://localhost${path}`) });
  const batch = new BatchRequestContent([get('tenant', '/organization'), get('nobody', '/users/nobody@contoso.example')]);
  const content = new BatchResponseContent((await graph.api('/$batch').post(await batch.getContent())) as ConstructorParameters<typeof BatchResponseContent>[0]);
  const statuses = ['tenant', 'nobody'].map((id) => content.getResponseById(id).status);
  const counted = (await graph.api('/users').header('ConsistencyLevel', 'eventual').count(true).top(1).get()) as PageCollection;
  const told = ({ statusCode, code }: GraphError) => `${statusCode} ${code}`;
  const nobody = await refusalOf(graph.api('/users/nobody@contoso.example').get(), told);
  const forbidden = await refusalOf(graph.api('/groups').post({ displayName: 'x', mailEnabled: false, mailNickname: 'x', securityEnabled: true }), told);
  return { names, next: new URL(first['@odata.nextLink'] ?? '').origin, statuses, count: counted['@odata.count'], nobody, forbidden };
}

report(task.job === 'register' ? await register() : await read());
