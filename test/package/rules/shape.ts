/** Shapes a reader relies on: a header that says what a core file promises, and functions that fit in a head. */
import ts from 'typescript';
import { positionOf, visit, type Finding, type SourceTree } from './source-tree';

const LONGEST_FUNCTION_LINES = 120;

export function findMissingHeaders(tree: SourceTree): readonly Finding[] {
  return [...tree.files]
    .filter(([path, file]) => path.startsWith('src/core/') && !file.text.startsWith('/**'))
    .map(([path]) => ({ at: `${path}:1`, what: 'has no opening comment', why: 'A core file opens with what it promises, what it refuses and which document it follows.' }));
}

export function findLongFunctions(tree: SourceTree): readonly Finding[] {
  return functionsOf(tree)
    .filter(({ node, lines }) => lines > LONGEST_FUNCTION_LINES && !/\/\/ long: \S/.test(node.getFullText()))
    .map(({ node, lines }) => ({ at: positionOf(node), what: `a function of ${lines} lines`, why: `Over ${LONGEST_FUNCTION_LINES} lines a function says why in a comment "// long: reason".` }));
}

/** Lines of every function in the tree, ascending; functions inside functions count for themselves too. */
export function functionLengths(tree: SourceTree): readonly number[] {
  return functionsOf(tree).map(({ lines }) => lines).toSorted((left, right) => left - right);
}

function functionsOf(tree: SourceTree) {
  const found: { readonly node: ts.Node; readonly lines: number }[] = [];
  for (const file of tree.files.values()) {
    visit(file, (node) => {
      if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
      const line = (position: number) => file.getLineAndCharacterOfPosition(position).line;
      found.push({ node, lines: line(node.getEnd()) - line(node.getStart(file)) + 1 });
    });
  }
  return found;
}
