/**
 * Three products from one source tree.
 * - The library (core and sandbox, ESM and CommonJS) keeps one output file per source file, so that two entry points
 *   share one instance of every module, stack traces read like the source, and nobody pays for what they do not import.
 * - n8n requires single CommonJS files and copies nothing, so the nodes get the core as one bundle beside them.
 * - The command line is ESM only: nothing imports it.
 */
import { existsSync, globSync } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const common = {
  outDir: 'dist',
  target: 'node22',
  platform: 'node',
  clean: false,
  splitting: false,
  silent: true,
  // Stripped by default, and then `node:sqlite` becomes `sqlite` and fails where it runs.
  removeNodeProtocol: false,
} satisfies Options;

const publicEntries = entries(['src/core/index.ts', 'src/core/portal/index.ts', 'src/core/testing/index.ts', 'src/sandbox/index.ts']);

const products: (Options & { readonly entry: Record<string, string> })[] = [
  {
    ...common,
    name: 'library',
    entry: entries(['src/core/**/*.ts', 'src/sandbox/**/*.ts']),
    format: ['esm', 'cjs'],
    dts: { entry: publicEntries },
    shims: true,
    skipNodeModulesBundle: true,
    esbuildPlugins: [siblingsStayFiles()],
    outExtension: ({ format }) => ({ js: extensionOf(format) }),
  },
  {
    ...common,
    name: 'command line',
    entry: entries(['src/cli/**/*.ts']),
    format: ['esm'],
    skipNodeModulesBundle: true,
    esbuildPlugins: [siblingsStayFiles()],
    outExtension: () => ({ js: '.mjs' }),
    onSuccess: async () => {
      if (existsSync('dist/cli/bin.mjs')) await chmod('dist/cli/bin.mjs', 0o755);
    },
  },
  {
    ...common,
    name: 'core for n8n',
    entry: { 'nodes/core.bundle': 'src/core/index.ts' },
    format: ['cjs'],
    shims: true,
    noExternal: [/.*/],
    external: ['n8n-workflow'],
  },
  {
    ...common,
    name: 'n8n nodes',
    entry: entries(['src/nodes/**/*.node.ts']),
    format: ['cjs'],
    external: ['n8n-workflow'],
    esbuildPlugins: [coreIs('../core.bundle.js')],
    onSuccess: () => copyBeside('src/nodes/**/*.{svg,png,node.json}'),
  },
  {
    ...common,
    name: 'n8n credentials',
    entry: entries(['src/credentials/*.credentials.ts']),
    format: ['cjs'],
    external: ['n8n-workflow'],
    esbuildPlugins: [coreIs('../nodes/core.bundle.js')],
    onSuccess: () => copyBeside('src/credentials/**/*.{svg,png}'),
  },
];

// tsup refuses a product without entries, and a tree without a command line is still a tree.
export default defineConfig(products.filter(({ entry }) => Object.keys(entry).length > 0));

function entries(patterns: readonly string[]): Record<string, string> {
  const files = globSync([...patterns]).map((file) => file.replaceAll('\\', '/'));
  return Object.fromEntries(files.map((file) => [file.replace(/^src\//, '').replace(/\.ts$/, ''), file]));
}

function extensionOf(format: string | undefined): '.mjs' | '.js' {
  return format === 'esm' ? '.mjs' : '.js';
}

/** A relative import of a source file stays an import of the file built from it. JSON is inlined. */
function siblingsStayFiles(): Plugin {
  return {
    name: 'siblings-stay-files',
    setup(build) {
      const extension = extensionOf(build.initialOptions.format);
      build.onResolve({ filter: /^\.\.?\// }, ({ path, kind, resolveDir }) => {
        if (kind === 'entry-point' || path.endsWith('.json')) return undefined;
        // Left outside the bundle, a file that does not exist would be missed only where it runs.
        if (!existsSync(join(resolveDir, `${path}.ts`))) return { errors: [{ text: `There is no source file ${path}.ts` }] };
        return { path: path + extension, external: true };
      });
    },
  };
}

/** Nodes import the core's front door from their sources; built, that is the one bundle. */
function coreIs(bundle: string): Plugin {
  return {
    name: 'core-is-one-bundle',
    setup(build) {
      build.onResolve({ filter: /^(\.\.\/)+core\/index$/ }, () => ({ path: bundle, external: true }));
    },
  };
}

async function copyBeside(pattern: string): Promise<void> {
  for (const file of globSync(pattern)) {
    const target = file.replace(/^src/, 'dist');
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file, target);
  }
}
