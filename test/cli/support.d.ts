import { type RunningSandbox, type SandboxOptions } from '../../src/sandbox/index';
export declare const MASTER_KEYS: string;
export interface CliResult {
    readonly code: number;
    readonly out: string;
    readonly err: string;
    /** Standard output as JSON. */
    readonly json: {
        readonly [key: string]: unknown;
    };
}
export declare function startCliStage(options?: SandboxOptions): Promise<{
    folder: string;
    config: string;
    sandbox: RunningSandbox;
    ca: string;
    servePages: () => Promise<() => Promise<void>>;
    edit: (change: (configuration: Record<string, unknown>) => Record<string, unknown>) => void;
    cli: (...args: readonly string[]) => Promise<CliResult>;
    text: (...args: readonly string[]) => Promise<CliResult>;
    /** Advance the sandbox's clock to the instant a command named, and a little further. */
    waitUntil: (instant: unknown) => void;
    stop: () => Promise<void>;
}>;
export type CliStage = Awaited<ReturnType<typeof startCliStage>>;
export declare function runCli(args: readonly string[]): Promise<CliResult>;
export declare function requireSandboxTenant(sandbox: RunningSandbox, domain: string): import("../../src/sandbox/ready").ReadyTenant;
