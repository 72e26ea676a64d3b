/**
 * Three products from one source tree.
 * - The library (core and sandbox, ESM and CommonJS) keeps one output file per source file, so that two entry points
 *   share one instance of every module, stack traces read like the source, and nobody pays for what they do not import.
 * - n8n requires single CommonJS files and copies nothing, so the nodes get the core as one bundle beside them, and every
 *   client of an outside service as a file of its own, which is not even read before its first use.
 * - The command line is ESM only: nothing imports it.
 */
import { createRequire } from 'node:module';
import { existsSync, globSync } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/** Packages that the core imports on first use, by the name of their file beside the core bundle. */
const clients: Readonly<Record<string, string>> = {
  '@azure/msal-node': 'msal-node',
  '@microsoft/microsoft-graph-client': 'graph-client',
  jose: 'jose',
  'node-forge': 'node-forge',
  pg: 'pg',
};

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
    entry: entries(['src/cli/**/*.ts', 'src/verify-tenant/**/*.ts']),
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
    esbuildPlugins: [clientsAreFiles()],
    // `import()` becomes a deferred `require`: the file beside the bundle is CommonJS, and so is everything n8n loads.
    esbuildOptions: (options) => {
      options.supported = { ...options.supported, 'dynamic-import': false };
    },
  },
  {
    ...common,
    name: 'clients for n8n',
    entry: Object.fromEntries(Object.entries(clients).map(([name, file]) => [`nodes/clients/${file}`, createRequire(import.meta.url).resolve(name)])),
    format: ['cjs'],
    shims: true,
    noExternal: [/.*/],
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

/** A client is imported on first use, from its own file; an import that would load it with the bundle stops the build. */
function clientsAreFiles(): Plugin {
  return {
    name: 'clients-are-files',
    setup(build) {
      build.onResolve({ filter: new RegExp(`^(${Object.keys(clients).join('|')})$`) }, ({ path, kind, importer }) => {
        if (kind === 'dynamic-import') return { path: `./clients/${clients[path]}.js`, external: true };
        return { errors: [{ text: `${importer} imports ${path} when it is loaded itself; use \`await import('${path}')\` where it is first needed` }] };
      });
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
