/**
 * Import cycles at run time. They make the order in which modules start decide whether a constant is defined, and they
 * are how small libraries begin to be large ones. Imports of types alone are erased and do not count.
 */
import { importsOf, type Finding, type SourceTree } from './source-tree';

/** One finding per cycle, named by its files in order. Depth-first search; a file on the current path closes a cycle. */
export function findCycles(tree: SourceTree): readonly Finding[] {
  const finished = new Set<string>();
  const findings: Finding[] = [];
  const enter = (file: string, path: readonly string[]): void => {
    const closedAt = path.indexOf(file);
    if (closedAt >= 0) {
      const cycle = [...path.slice(closedAt), file];
      findings.push({ at: `${file}:1`, what: `import cycle: ${cycle.join(' -> ')}`, why: 'Zero cycles is free today and never again.' });
      return;
    }
    if (finished.has(file)) return;
    for (const { target, typeOnly } of importsOf(tree, file)) {
      if (!typeOnly && target !== undefined && tree.files.has(target)) enter(target, [...path, file]);
    }
    finished.add(file);
  };
  for (const file of tree.files.keys()) enter(file, []);
  return findings;
}
