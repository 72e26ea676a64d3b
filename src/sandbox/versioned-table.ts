/**
 * A table that remembers every version of every row, so that a read can be served "as of" an earlier
 * instant. Replication lag is then nothing but a read in the past: the write is there, this replica has
 * not seen it yet.
 */

interface Version<Row> {
  readonly atMs: number;
  /** `undefined` is a tombstone: the row was deleted at this instant. */
  readonly row: Row | undefined;
}

export class VersionedTable<Row extends object> {
  readonly #versions = new Map<string, Version<Row>[]>();

  /** Write a row at `atMs`. Rows are frozen deeply by convention: replace, never mutate. */
  put(id: string, row: Row, atMs: number): void {
    this.#append(id, { atMs, row });
  }

  delete(id: string, atMs: number): boolean {
    const existed = this.get(id, atMs) !== undefined;
    if (existed) this.#append(id, { atMs, row: undefined });
    return existed;
  }

  /** The row as a replica saw it at `asOfMs`, or undefined when it was absent, deleted or not yet there. */
  get(id: string, asOfMs: number): Row | undefined {
    return visible(this.#versions.get(id), asOfMs)?.row;
  }

  /** Every row visible at `asOfMs`, in the order of first insertion. */
  list(asOfMs: number): Row[] {
    const rows: Row[] = [];
    for (const versions of this.#versions.values()) {
      const row = visible(versions, asOfMs)?.row;
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  #append(id: string, version: Version<Row>): void {
    const versions = this.#versions.get(id);
    if (versions === undefined) this.#versions.set(id, [version]);
    else versions.push(version);
  }
}

function visible<Row>(versions: Version<Row>[] | undefined, asOfMs: number): Version<Row> | undefined {
  if (versions === undefined) return undefined;
  for (let index = versions.length - 1; index >= 0; index -= 1) {
    const version = versions[index];
    if (version !== undefined && version.atMs <= asOfMs) return version;
  }
  return undefined;
}
