// A real program with a real job: Backstage's provider reads an organisation's people and groups into a catalogue.
import { ConfigReader } from '@backstage/config';
import * as msgraph from '@backstage/plugin-catalog-backend-module-msgraph';
import { readTask, report } from './program.mts';

interface Entity {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: { readonly memberOf?: readonly string[]; readonly profile?: { readonly displayName?: string; readonly email?: string } };
}

const { tenantId, appId, clientSecret } = readTask();
const lines: string[] = [];
const log = (message: string) => void lines.push(message);
const silence = () => undefined;
const logger = { error: log, warn: log, info: silence, debug: silence, child: () => logger };

const config = new ConfigReader({ catalog: { providers: { microsoftGraphOrg: { default: { tenantId, clientId: appId, clientSecret, user: { loadPhotos: false } } } } } });
const [provider] = msgraph.MicrosoftGraphOrgEntityProvider.fromConfig(config, { logger, schedule: 'manual' });
const entities: Entity[] = [];
await provider?.connect({ applyMutation: async (mutation) => void (mutation.type === 'full' && entities.push(...mutation.entities.map(({ entity }) => entity as Entity))), refresh: async () => undefined });
await provider?.read();

const kind = (wanted: string) => entities.filter((entity) => entity.kind === wanted);
report({
  people: kind('User').map(({ metadata, spec }) => ({ id: metadata.annotations?.['graph.microsoft.com/user-id'], name: spec?.profile?.displayName, memberOf: spec?.memberOf ?? [] })),
  groups: kind('Group').map(({ metadata }) => metadata.name),
  complaints: lines,
});
