/** Source files as syntax trees, from disk or from snippets: every rule is a function from such a tree to findings. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

export interface SourceTree {
  readonly files: ReadonlyMap<string, ts.SourceFile>;
}

/** One broken rule. `why` is the reason the rule exists, so that whoever meets it need not guess. */
export interface Finding {
  readonly at: string;
  readonly what: string;
  readonly why: string;
}

export interface Import {
  readonly file: string;
  readonly specifier: string;
  /** Path of the imported file of this tree, undefined for packages, built-ins and data. */
  readonly target: string | undefined;
  /** Erased by the compiler: says nothing about what runs. */
  readonly typeOnly: boolean;
  /** `import()`: runs when the code around it does, not when the file is loaded. */
  readonly deferred: boolean;
  readonly names: readonly string[];
  readonly at: string;
}

export function treeFromDisk(root: string, patterns: readonly string[]): SourceTree {
  const paths = globSync([...patterns], { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  return treeFromText(Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])));
}

export function treeFromText(texts: Readonly<Record<string, string>>): SourceTree {
  const parsed = Object.entries(texts).map(([path, text]) => [path, ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)] as const);
  return { files: new Map(parsed) };
}

export function positionOf(node: ts.Node): string {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
}

export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

export function importsOf(tree: SourceTree, path: string): readonly Import[] {
  const file = tree.files.get(path);
  if (file === undefined) return [];
  const found: Import[] = [];
  visit(file, (node) => {
    const read = readImport(node);
    if (read === undefined) return;
    found.push({ ...read, file: path, target: resolveImport(tree, path, read.specifier), at: positionOf(node) });
  });
  return found;
}

function readImport(node: ts.Node): Pick<Import, 'specifier' | 'typeOnly' | 'deferred' | 'names'> | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const bindings = clause?.namedBindings;
    const names = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements.map((element) => (element.propertyName ?? element.name).text) : [];
    return { specifier: node.moduleSpecifier.text, typeOnly: clause?.phaseModifier === ts.SyntaxKind.TypeKeyword, deferred: false, names };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    const names = node.exportClause !== undefined && ts.isNamedExports(node.exportClause) ? node.exportClause.elements.map((element) => (element.propertyName ?? element.name).text) : [];
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly, deferred: false, names };
  }
  if (ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || isRequire(node.expression))) {
    const [argument] = node.arguments;
    return { specifier: argument !== undefined && ts.isStringLiteralLike(argument) ? argument.text : '(computed)', typeOnly: false, deferred: !isRequire(node.expression), names: [] };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true, deferred: false, names: [] };
  }
  return undefined;
}

function isRequire(expression: ts.Expression): boolean {
  return ts.isIdentifier(expression) && expression.text === 'require';
}

function resolveImport(tree: SourceTree, from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = join(dirname(from), specifier).replaceAll('\\', '/');
  return [base, `${base}.ts`, `${base}.mts`, `${base}/index.ts`].find((candidate) => tree.files.has(candidate)) ?? base;
}
