import type { Command } from 'commander';
import { OnboardingError, publicUrl, type RunningServer, type ServerOptions, startServer } from '../../core/index';
import { EXIT } from '../output';
import { type CommandContext, readPort, runAction } from './context';

export function addServeCommand(program: Command, context: CommandContext): void {
  program
    .command('serve')
    .option('--port <port>', 'default: the port of publicBaseUrl when it is on this machine, else 4180', readPort)
    .option('--host <address>', 'address to listen on; put a TLS proxy in front of anything but loopback', '127.0.0.1')
    .description('host the pages and endpoints: invitation, both callbacks, key set, redemption, health')
    .action(async (flags: { readonly port?: number; readonly host: string }, command: Command) => {
      await runAction(context, command, async ({ installation, configuration, clock, readFile }, output, signal) => {
        // Better said now than to the customer's admin in the middle of the way.
        if (!installation.ports.sealer.ready) throw new OnboardingError('MASTER_KEY_MISSING', 'The pages seal what they keep; no master key is configured.');
        const base = new URL(configuration.publicBaseUrl);
        const tls = configuration.tls === undefined ? undefined : { certificate: readFile(configuration.tls.certificateFile), key: readFile(configuration.tls.keyFile) };
        const server = await listen({
          host: flags.host,
          port: flags.port ?? (base.hostname === 'localhost' && base.port !== '' ? Number(base.port) : 4180),
          tls,
          handle: async (request) => {
            // Against the sandbox, its clock may have been moved since the last request.
            await clock.refresh?.();
            return installation.onboarding.handle(request);
          },
        });
        const at = (path: string) => publicUrl(configuration.publicBaseUrl, path);
        const urls = { invite: at('/invite/'), consentCallback: at('/consent/callback'), signInCallback: at('/sign-in/callback'), jwks: at('/.well-known/jwks.json'), redeem: at('/impersonation/redeem'), health: at('/healthz') };
        output.result({ ready: true, port: server.port, publicBaseUrl: configuration.publicBaseUrl, urls }, () => `Listening on ${flags.host}:${server.port} for ${configuration.publicBaseUrl}\n${Object.entries(urls).map(([name, url]) => `  ${name.padEnd(16)} ${url}`).join('\n')}`);
        const watching = installation.certificates.keepWatch(signal);
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        await server.close();
        await watching;
        return EXIT.done;
      });
    });
}

/** Raises `INPUT_INVALID` when the address cannot be had. */
async function listen(options: ServerOptions): Promise<RunningServer> {
  try {
    return await startServer(options);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'for no given reason';
    throw new OnboardingError('INPUT_INVALID', `Nothing can listen on ${options.host}:${options.port} (${reason}).`, { cause: error, details: { field: 'port', reason } });
  }
}
