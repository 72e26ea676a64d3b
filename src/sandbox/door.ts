/** Where clients come in: at an address of the sandbox's own, or under the names of a cloud behind the proxy. */
import type { Server as HttpsServer } from 'node:https';
import { originsOf, type CloudName } from './cloud-hosts';
import { listenMasquerade, type MasqueradeOptions } from './masquerade';
import type { World } from './model';
import { listen, type Listening } from './server';

export interface Door extends Listening {
  readonly origins: World['origins'];
  readonly proxy: string | null;
}

/** `port` 0 lets the system choose; behind the proxy it is the proxy's. */
export async function openDoor(server: HttpsServer, cloud: CloudName | undefined, port: number, onRefused: MasqueradeOptions['onRefused']): Promise<Door> {
  if (cloud !== undefined) {
    const proxy = await listenMasquerade(server, { cloud, port, onRefused });
    return { ...proxy, origins: originsOf(cloud), proxy: `http://127.0.0.1:${proxy.port}` };
  }
  const https = await listen(server, port);
  const origin = `https://localhost:${https.port}`;
  return { ...https, origins: { login: origin, graph: origin }, proxy: null };
}
