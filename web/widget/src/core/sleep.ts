// Waiting that something else can cut short: a retry that need not wait when the network is back.

export class Sleep {
  #wake: (() => void) | null = null;

  /** Until so many milliseconds are over, or somebody wakes it. */
  for(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  wake(): void {
    this.#wake?.();
  }
}
