/** Microsoft's own libraries, unchanged, at the hosts the national clouds have for them. */
import { describe, expect, it } from 'vitest';
import { type NationalCloud, openStage } from './stage';

describe.each(['usgov', 'usgovdod', 'china'] satisfies NationalCloud[])('in the cloud %s', (cloud) => {
  it('@azure/identity and the Graph client work at the hosts that cloud has for them', async () => {
    const stage = await openStage(cloud);
    const { graph } = stage.sandbox.ready;
    const outline = expect.objectContaining({ aud: graph, iss: `https://sts.${cloud === 'china' ? 'chinacloudapi.cn' : 'windows.net'}/${stage.contoso.tenantId}/`, roles: 7 });
    expect(await stage.run('azure-identity.mts')).toMatchObject({ tokens: { secret: outline, certificate: outline } });
    expect(await stage.run('graph-client.mts', { job: 'read' })).toMatchObject({ next: graph, statuses: [200, 404], count: stage.contoso.users.length });
    expect(stage.sandbox.gaps()).toEqual([]);
    await stage.stop();
  });
});
