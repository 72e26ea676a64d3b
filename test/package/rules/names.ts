/**
 * The glossary (docs/glossary.md) holds one word per thing. These words are banned from the names we declare: each of
 * them means two things here, and a reader would have to guess which.
 */
import ts from 'typescript';
import { positionOf, visit, type Finding, type SourceTree } from './source-tree';

const BANNED_WORDS: Readonly<Record<string, string>> = {
  connection: 'say consent, binding or socket',
  connections: 'say consents, bindings or sockets',
  integration: 'say adapter, app or node',
  cert: 'say certificate or consent',
  certs: 'say certificates',
  org: 'say tenant or customer account',
  orgs: 'say tenants or customer accounts',
  aad: 'say entra; for authenticated data of a seal say binding',
};

export function findBannedNames(tree: SourceTree): readonly Finding[] {
  return [...tree.files.values()].flatMap((file) => {
    const findings: Finding[] = [];
    visit(file, (node) => {
      const name = declaredName(node);
      const remark = name === undefined ? undefined : remarkOn(name.text, node);
      if (name !== undefined && remark !== undefined) findings.push({ at: positionOf(name), what: `the name "${name.text}": ${remark}`, why: 'docs/glossary.md: these words, and only these.' });
    });
    return findings;
  });
}

/** Names of our own choosing. Property names of object literals may be somebody else's wire format. */
function declaredName(node: ts.Node): ts.Identifier | undefined {
  const isDeclaration =
    ts.isVariableDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) || ts.isParameter(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) || ts.isPropertySignature(node) || ts.isEnumDeclaration(node) || (ts.isBindingElement(node) && node.propertyName === undefined);
  return isDeclaration && node.name !== undefined && ts.isIdentifier(node.name) ? node.name : undefined;
}

function remarkOn(name: string, node: ts.Node): string | undefined {
  if (name === 'cert' && isTlsOption(node)) return undefined;
  const words = wordsOf(name);
  const banned = words.find((word) => Object.hasOwn(BANNED_WORDS, word));
  if (banned !== undefined) return BANNED_WORDS[banned];
  if (name === 'token' || name === 'tokens') return isUnclearToken(node) && !isSandbox(node) ? 'say which token (app token, ID token, access token)' : undefined;
  if (words[0] === 'link' || words[0] === 'unlink') return words.length > 1 && ts.isFunctionDeclaration(node) ? 'say bind' : undefined;
  if (words[0] === 'validate' && isAsynchronous(node)) return 'say verify, read or check: it asks the world';
  return words.includes('user') && words.includes('operator') ? 'an operator is not a user' : undefined;
}

/** Node's own word in `tls` options, which an adapter hands on as they are. */
function isTlsOption(node: ts.Node): boolean {
  return ts.isPropertySignature(node) && node.getSourceFile().fileName.startsWith('src/core/adapters/');
}

/** A local shows where it comes from and a type such as `AppToken` says which; a bare text at a border says nothing. */
function isUnclearToken(node: ts.Node): boolean {
  if (!ts.isPropertySignature(node) && !ts.isParameter(node) && !ts.isPropertyDeclaration(node)) return false;
  return node.type !== undefined && /^(readonly )?(string|Secret)\b/.test(node.type.getText());
}

/** The sandbox speaks of `$skiptoken` and of the words of a filter. */
function isSandbox(node: ts.Node): boolean {
  return node.getSourceFile().fileName.startsWith('src/sandbox/');
}

function isAsynchronous(node: ts.Node): boolean {
  if (!ts.isFunctionDeclaration(node) && !ts.isMethodDeclaration(node) && !ts.isMethodSignature(node)) return false;
  const isAsync = ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) === true;
  return isAsync || node.type?.getText().startsWith('Promise<') === true;
}

/** `keyCredentialsURL2` -> key, credentials, url2. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[\s_$]+/)
    .filter((word) => word !== '');
}
