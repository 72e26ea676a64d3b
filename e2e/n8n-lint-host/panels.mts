// The nodes' menus and fields are put together by code, and n8n's rules read literals only. Here each description is
// written out as n8n draws it, so that the rules see every option and every field there is.
import { createRequire } from 'node:module';
import { basename } from 'node:path';

/** The source text of a node whose description is one literal, from its built file. */
export function drawnNode(file: string): string {
  const name = basename(file, '.node.js');
  const built = createRequire(import.meta.url)(file) as Readonly<Record<string, new () => { readonly description: object }>>;
  const Node = built[name];
  if (Node === undefined) throw new Error(`${file} exports no ${name}.`);
  return `import type { INodeType, INodeTypeDescription } from 'n8n-workflow';\nexport class ${name} implements INodeType {\n  description: INodeTypeDescription = ${literal(new Node().description)};\n}\n`;
}

/** Each object on a line of its own; names without quotes, since the rules look for identifiers. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `\n{ ${members.map(([name, member]) => `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${literal(member)}`).join(', ')} }`;
}
