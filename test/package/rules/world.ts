/**
 * The world (clock, chance, network, processes, timers, files) may be touched in few folders only. Everywhere else it
 * comes through ports: that is why tests can move the clock, why no rule depends on luck, and what keeps a verified
 * build of the nodes possible, whose scan bans timers, `process` and most imports.
 */
import ts from 'typescript';
import { importsOf, positionOf, visit, type Finding, type SourceTree } from './source-tree';

const WORLDLY_FOLDERS = /^(src\/(core\/adapters|cli|sandbox|nodes\/host\/environment\.ts)|examples)(\/|$)/;
const WHY = 'Clock, chance, network, processes and files come through ports (src/core/ports.ts); only adapters/, cli/, sandbox/ and examples/ touch the world.';

const MODULES = new Set([
  'fs', 'fs/promises', 'http', 'https', 'http2', 'net', 'tls', 'dgram', 'dns', 'dns/promises', 'child_process', 'worker_threads',
  'cluster', 'os', 'process', 'timers', 'timers/promises', 'perf_hooks', 'sqlite', 'readline', 'readline/promises', 'inspector', 'async_hooks',
]);
const FUNCTIONS = new Set([
  'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync',
  'getRandomValues', 'generateKeyPair', 'generateKeyPairSync', 'generateKey', 'generateKeySync', 'generatePrime', 'generatePrimeSync', 'WebSocket', 'EventSource',
]);
const MEMBERS = new Set(['Date.now', 'Math.random', 'performance.now', 'performance.timeOrigin', 'AbortSignal.timeout', 'Atomics.wait', 'crypto.subtle']);
const GLOBALS = new Set(['process', 'globalThis', 'global', '__dirname', '__filename']);

export function findWorldlyCode(tree: SourceTree): readonly Finding[] {
  return [...tree.files].filter(([path]) => !WORLDLY_FOLDERS.test(path)).flatMap(([path, file]) => [...worldlyImports(tree, path), ...worldlyUses(file)]);
}

function worldlyImports(tree: SourceTree, path: string): readonly Finding[] {
  return importsOf(tree, path)
    .filter(({ specifier, typeOnly }) => !typeOnly && (specifier === '(computed)' || MODULES.has(specifier.replace(/^node:/, ''))))
    .map(({ at, specifier }) => ({ at, what: `imports ${specifier}`, why: WHY }));
}

function worldlyUses(file: ts.SourceFile): readonly Finding[] {
  const findings: Finding[] = [];
  visit(file, (node) => {
    const what = worldlyUse(node);
    if (what !== undefined) findings.push({ at: positionOf(node), what: `uses ${what}`, why: WHY });
  });
  return findings;
}

function worldlyUse(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && isNamed(node.expression, 'Date') && (node.arguments ?? []).length === 0) return 'new Date()';
  if (ts.isCallExpression(node) && isNamed(node.expression, 'Date')) return 'Date()';
  if (ts.isPropertyAccessExpression(node)) return memberUse(node);
  if (!ts.isIdentifier(node) || !isFreeUse(node) || isBoundAround(node)) return undefined;
  return FUNCTIONS.has(node.text) || GLOBALS.has(node.text) ? node.text : undefined;
}

function memberUse(node: ts.PropertyAccessExpression): string | undefined {
  const owner = ts.isIdentifier(node.expression) ? node.expression.text : '';
  const member = `${owner}.${node.name.text}`;
  if (MEMBERS.has(member)) return member;
  // `crypto.randomBytes` and the like, whatever the module was called at its import.
  return FUNCTIONS.has(node.name.text) && /crypto|timers|global/i.test(owner) ? member : undefined;
}

function isNamed(node: ts.Expression, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

/** A name that stands for a value of the outside: not a property, not a declaration, not part of a type. */
function isFreeUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isQualifiedName(parent) || ts.isTypeNode(parent)) return false;
  if ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isPropertyDeclaration(parent)) && parent.name === node) return false;
  return !(ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) || ts.isImportSpecifier(parent);
}

/** True when a parameter or a local declaration around the use has the name: then it is a port, not the world. */
function isBoundAround(use: ts.Identifier): boolean {
  for (let scope: ts.Node = use.parent; scope !== undefined; scope = scope.parent) {
    if (namesBoundBy(scope).includes(use.text)) return true;
  }
  return false;
}

function namesBoundBy(scope: ts.Node): readonly string[] {
  if (ts.isFunctionLike(scope)) return scope.parameters.flatMap(({ name }) => namesIn(name));
  if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) return [];
  return scope.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return statement.name === undefined ? [] : [statement.name.text];
    return ts.isVariableStatement(statement) ? statement.declarationList.declarations.flatMap(({ name }) => namesIn(name)) : [];
  });
}

function namesIn(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesIn(element.name)));
}
