// docs/lies.md says which check catches each lie and what the product makes of it. Both are found out by telling every
// lie: the product's side first, since the page shows both. The tests compare the page with what they see.
import { spawnSync } from 'node:child_process';

for (const file of ['test/journeys/lies.test.ts', 'test/sandbox/lies.test.ts']) {
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'product', file], { stdio: 'inherit', env: { ...process.env, WRITE_LIES: '1' } });
  if (status !== 0) process.exit(status ?? 1);
}
