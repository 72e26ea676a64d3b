import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

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
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
