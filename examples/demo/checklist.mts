/** A live checklist: what happens, what was proven, how long it took, how many requests it cost. */

export interface Checklist {
  step(title: string, work: () => Promise<string>): Promise<void>;
  note(text: string): void;
}

interface Counter {
  /** Requests Microsoft (here: the sandbox) has answered so far. */
  (): number;
}

const PAINT = { bold: '1', dim: '2', red: '31', green: '32', cyan: '36' } as const;

export function createChecklist(stream: NodeJS.WriteStream, requests: Counter): Checklist {
  const colours = stream.isTTY && process.env['NO_COLOR'] === undefined;
  const paint = (style: keyof typeof PAINT, text: string) => (colours ? `\u001b[${PAINT[style]}m${text}\u001b[0m` : text);
  let number = 0;
  return {
    note: (text) => void stream.write(`      ${paint('dim', text)}\n`),
    step: async (title, work) => {
      number += 1;
      const label = `${String(number).padStart(2)}  ${title}`;
      if (stream.isTTY) stream.write(`  ${paint('cyan', '…')} ${label}`);
      const startedAt = performance.now();
      const before = requests();
      try {
        const proven = await work();
        const cost = `${((performance.now() - startedAt) / 1000).toFixed(1)} s${requests() === before ? '' : `, ${requests() - before} requests`}`;
        stream.write(`${stream.isTTY ? '\r' : ''}  ${paint('green', '✔')} ${paint('bold', label)}  ${paint('dim', `(${cost})`)}\n`);
        for (const line of proven.split('\n')) stream.write(`      ${line}\n`);
      } catch (error) {
        stream.write(`${stream.isTTY ? '\r' : ''}  ${paint('red', '✘')} ${paint('bold', label)}\n`);
        throw error;
      }
    },
  };
}
