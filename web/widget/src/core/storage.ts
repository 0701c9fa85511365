// What is kept in the browser between pages; a browser that refuses storage gets the same thing in memory.

/** The part of the Web Storage interface that is used. */
export interface Keep {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** Every key that begins with the prefix. */
  keys(prefix: string): string[];
}

/** Kept as long as the page is. */
export class Memory implements Keep {
  readonly #kept = new Map<string, string>();

  get(key: string): string | null {
    return this.#kept.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#kept.set(key, value);
  }

  remove(key: string): void {
    this.#kept.delete(key);
  }

  keys(prefix: string): string[] {
    return [...this.#kept.keys()].filter((key) => key.startsWith(prefix));
  }
}

/** The browser's storage. What it refuses (private mode, full, blocked) is kept in memory. */
export class Browser implements Keep {
  readonly #memory = new Memory();
  readonly #storage: () => Storage;

  constructor(storage: () => Storage) {
    this.#storage = storage;
  }

  get(key: string): string | null {
    return this.#memory.get(key) ?? this.#try((storage) => storage.getItem(key), null);
  }

  set(key: string, value: string): void {
    const kept = this.#try((storage) => {
      storage.setItem(key, value);
      return true;
    }, false);
    if (kept) this.#memory.remove(key);
    else this.#memory.set(key, value);
  }

  remove(key: string): void {
    this.#memory.remove(key);
    this.#try((storage) => storage.removeItem(key), undefined);
  }

  keys(prefix: string): string[] {
    const kept = this.#try((storage) => Object.keys(storage).filter((key) => key.startsWith(prefix)), []);
    return [...new Set([...kept, ...this.#memory.keys(prefix)])];
  }

  #try<T>(use: (storage: Storage) => T, otherwise: T): T {
    try {
      return use(this.#storage());
    } catch {
      return otherwise;
    }
  }
}

/** What the values of some fields look like; a value that does not is not read. */
export type Shapes<T> = { readonly [K in keyof T]?: (value: unknown) => boolean };

/** One JSON object under one key. */
export class Notebook<T extends object> {
  readonly #keep: Keep;
  readonly #key: string;
  readonly #shapes: Shapes<T>;

  constructor(keep: Keep, key: string, shapes: Shapes<T> = {}) {
    this.#keep = keep;
    this.#key = key;
    this.#shapes = shapes;
  }

  /** What is kept; an empty object when there is nothing, or nothing that can be read. */
  read(): Partial<T> {
    try {
      const kept = JSON.parse(this.#keep.get(this.#key) ?? "{}") as Partial<T> | null;
      if (kept === null || typeof kept !== "object") return {};
      for (const field in this.#shapes) if (!this.#shapes[field]?.(kept[field])) delete kept[field];
      return kept;
    } catch {
      return {};
    }
  }

  /** Change some of it; `undefined` takes a field away. */
  patch(change: { readonly [K in keyof T]?: T[K] | undefined }): void {
    this.#keep.set(this.#key, JSON.stringify({ ...this.read(), ...change }));
  }
}
