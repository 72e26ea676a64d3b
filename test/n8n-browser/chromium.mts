/** A Chromium of this machine, driven through playwright-core from its own folder. It reaches this machine and nothing else. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ALLOWED = new Set(['localhost', '127.0.0.1', '[::1]']);
/** A loaded machine takes its time to draw an editor of this size. */
const PATIENCE_MS = 90_000;

/** As much of playwright-core as is used; its types cannot be read without installing it. */
export interface Locator {
  first(): Locator;
  last(): Locator;
  locator(selector: string): Locator;
  getByText(text: string | RegExp): Locator;
  getByRole(role: string, options: { readonly name: string }): Locator;
  click(): Promise<void>;
  dblclick(): Promise<void>;
  fill(text: string): Promise<void>;
  waitFor(options?: { readonly state: 'visible' | 'hidden' }): Promise<void>;
  innerText(): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  inputValue(): Promise<string>;
  count(): Promise<number>;
  /** `see` runs in the page, so it can use nothing from here. */
  evaluateAll<T>(see: (elements: readonly Drawn[]) => T): Promise<T>;
}

/** As much of an element as is looked at. */
export interface Drawn {
  readonly scrollWidth: number;
  readonly clientWidth: number;
  readonly innerText: string;
  querySelectorAll(selector: string): Iterable<Drawn>;
  getAttribute(name: string): string | null;
  getBoundingClientRect(): Box;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export interface Page {
  goto(address: string): Promise<unknown>;
  locator(selector: string): Locator;
  waitForURL(pattern: RegExp): Promise<void>;
  content(): Promise<string>;
  screenshot(options: { readonly path: string; readonly animations: 'disabled' }): Promise<unknown>;
  emulateMedia(options: { readonly colorScheme: 'light' | 'dark' }): Promise<void>;
  setViewportSize(size: Size): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Context {
  newPage(): Promise<Page>;
  setDefaultTimeout(ms: number): void;
  on(event: 'request', see: (request: { url(): string }) => void): void;
}

interface Playwright {
  readonly chromium: { launch(options: object): Promise<{ newContext(options: object): Promise<Context>; close(): Promise<void> }> };
}

/** Undefined when there is none on this machine. */
export function findChromium(): string | undefined {
  return PROGRAMS.find((program) => existsSync(program));
}

/** One window. `strangers` are the addresses off this machine that any page has asked for. */
export async function openBrowser(executablePath: string, viewport: Size) {
  const { chromium } = createRequire(new URL('../../e2e/browser-host/package.json', import.meta.url))('playwright-core') as Playwright;
  // What a page asks for is recorded below; that nothing leaves although it was asked for is the browser's own doing.
  const quiet = ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-quic', '--disable-gpu', '--no-first-run'];
  // Chromium's sandbox does not work for root.
  const browser = await chromium.launch({ executablePath, headless: true, args: process.getuid?.() === 0 ? [...quiet, '--no-sandbox'] : quiet });
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(PATIENCE_MS);
  const strangers: string[] = [];
  let requests = 0;
  context.on('request', (request) => {
    requests += 1;
    const { protocol, hostname, href } = new URL(request.url());
    if (/^(http|ws)s?:$/.test(protocol) && !ALLOWED.has(hostname)) strangers.push(href);
  });
  return { page: await context.newPage(), strangers, requestCount: () => requests, close: async () => browser.close() };
}
