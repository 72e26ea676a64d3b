/** The newest items of an endless stream, in order; older ones make room and are counted. */
export class Ring<Item> {
  readonly #capacity: number;
  #items: Item[] = [];
  /** Where the oldest item is, once the ring is full. */
  #start = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: Item): void {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return;
    }
    this.#items[this.#start] = item;
    this.#start = (this.#start + 1) % this.#capacity;
    this.#dropped += 1;
  }

  /** Oldest first; a copy. */
  list(): Item[] {
    return [...this.#items.slice(this.#start), ...this.#items.slice(0, this.#start)];
  }

  /** How many made room since the start or the last `clear`. */
  get dropped(): number {
    return this.#dropped;
  }

  clear(): void {
    this.#items = [];
    this.#start = 0;
    this.#dropped = 0;
  }
}
