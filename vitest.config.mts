/**
 * Six projects. `product` is what `npm test` runs: sources only, loopback only, under three minutes. `thorough` is the rest of
 * the same kind: processes that are killed, every operation searched for secrets, every file OpenSSL writes; `npm run test:thorough`. `package` needs a
 * build and starts other Node versions, so it belongs to `npm run check:package`. `stores` starts a real PostgreSQL, which
 * not every machine has, so it is `npm run test:stores`. `clients` needs what others wrote, so it is `npm run test:clients`.
 * `seeds` onboards under hundreds of fault plans: `npm run test:seeds`.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const needsBuild = 'test/package/built/**/*.test.ts';
const needsServer = 'test/stores/**/*.test.ts';
const needsClients = 'test/clients/**/*.test.ts';
const needsTime = 'test/seeds/**/*.test.ts';
const thorough = 'test/**/*.thorough.test.ts';

export default defineConfig({
  resolve: {
    alias: [
      // n8n-workflow's ESM build has extension-less imports; its CommonJS build is the one n8n loads.
      { find: 'n8n-workflow', replacement: require.resolve('n8n-workflow') },
      { find: /^n8n-nodes-m365-onboarding$/, replacement: at('./src/core/index.ts') },
      { find: 'n8n-nodes-m365-onboarding/portal', replacement: at('./src/core/portal/index.ts') },
      { find: 'n8n-nodes-m365-onboarding/testing', replacement: at('./src/core/testing/index.ts') },
      { find: 'n8n-nodes-m365-onboarding/sandbox', replacement: at('./src/sandbox/index.ts') },
    ],
  },
  test: {
    globalSetup: ['tools/vitest-node24.mts'],
    // Vitest leaves one core idle, which on two cores is half of them; much of the suite waits for sockets and disks anyway.
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    projects: [
      // One module instance per worker instead of one per file, which nearly halves the run. It holds because no module of
      // ours keeps state (the world comes through ports); a test that fails only in company has found one that does.
      { extends: true, test: { name: 'product', isolate: false, include: ['test/**/*.test.ts'], exclude: [needsBuild, needsServer, needsClients, needsTime, thorough] } },
      { extends: true, test: { name: 'thorough', include: [thorough] } },
      { extends: true, test: { name: 'stores', include: [needsServer], hookTimeout: 60_000 } },
      { extends: true, test: { name: 'clients', include: [needsClients], testTimeout: 120_000, hookTimeout: 120_000 } },
      { extends: true, test: { name: 'seeds', isolate: false, include: [needsTime], testTimeout: 120_000 } },
      { extends: true, test: { name: 'package', include: [needsBuild], testTimeout: 60_000, hookTimeout: 120_000 } },
    ],
  },
});
