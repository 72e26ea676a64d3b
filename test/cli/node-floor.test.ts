import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { refuseOldNode } from '../../src/cli/node-floor';

it('names the Node it needs to whoever has an older one, and is the floor that the package promises', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { engines: { node: string } };
  const [major = 0, minor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  for (const version of [`${major}.${minor}.0`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`]) expect(refuseOldNode(version)).toBeUndefined();
  for (const version of ['18.0.0', `${major - 1}.99.0`, `${major}.${minor - 1}.9`]) expect(refuseOldNode(version)).toContain(`needs Node ${major}.${minor} or later, and this is Node ${version}`);
});
