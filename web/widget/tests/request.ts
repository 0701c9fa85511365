// XMLHttpRequest as far as the widget uses it, answered by the `fetch` of the test.

export class Request {
  onloadend: (() => void) | null = null;
  timeout = 0;
  status = 0;
  responseText = "";
  #method = "";
  #url = "";

  open(method: string, url: string): void {
    this.#method = method;
    this.#url = new URL(url).href; // throws, as a browser does, for what is no address
  }

  send(): void {
    void this.#answered().then(() => this.onloadend?.());
  }

  async #answered(): Promise<void> {
    try {
      const answer = await fetch(this.#url, { method: this.#method });
      this.responseText = await answer.text();
      this.status = answer.status;
    } catch {
      // Nobody answered: the status stays 0.
    }
  }
}
