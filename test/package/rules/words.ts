/**
 * Words that must not be in any committed file: paths of the machine it was written on, and hosts of package
 * registries, which would decide for everybody where they install from.
 */
import type { Finding } from './source-tree';

const slash = '/';
const RULES: readonly { readonly pattern: RegExp; readonly what: string; readonly why: string }[] = [
  {
    pattern: new RegExp(`(^|[\\s"'\`(=:])${slash}(work|tmp|root|home${slash}\\w+|Users${slash}\\w+)${slash}`),
    what: 'a path of one machine',
    why: 'Nobody else has that folder; use a path relative to the file, or os.tmpdir().',
  },
  { pattern: /registry\.(npmjs|yarnpkg|npmmirror)\.|npm\.pkg\.github\.com/i, what: 'the host of a package registry', why: 'Where packages come from is the reader\'s choice.' },
];

export function findBannedText(path: string, text: string): readonly Finding[] {
  return text.split('\n').flatMap((line, index) => RULES.filter(({ pattern }) => pattern.test(line)).map(({ what, why }) => ({ at: `${path}:${index + 1}`, what, why })));
}
