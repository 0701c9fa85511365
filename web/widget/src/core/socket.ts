// One WebSocket of a conversation from hello to close; who calls starts the next one.

import type { Frame, Problem } from "./protocol.ts";

/** The server pings every 20 s; a line that is silent for longer than two pings is dead, whatever the browser thinks. */
const SILENCE_MS = 45_000;
const CONNECT_MS = 8_000;

/** The code of a connection that this side ended. */
export const OURS = 0;

export interface Closed {
  /** Whether anything was heard on it at all. */
  readonly spoke: boolean;
  /** 4000 + HTTP status when the server refused, else the browser's. */
  readonly code: number;
  readonly problem: Problem | null;
}

export class Socket {
  /** Resolves when the connection is over; never rejects. */
  readonly closed: Promise<Closed>;
  readonly #ws: WebSocket | null;
  #end: (code: number) => void = () => undefined;
  #spoke = false;
  #problem: Problem | null = null;
  #heardAt = Date.now();

  constructor(url: string, hello: () => object, heard: (frame: Frame) => void) {
    let ws: WebSocket | null = null;
    this.closed = new Promise((resolve) => {
      const watch = setInterval(() => {
        if (Date.now() - this.#heardAt > (this.#spoke ? SILENCE_MS : CONNECT_MS)) this.#end(1006);
      }, 2_000);
      this.#end = (code) => {
        clearInterval(watch);
        if (ws) {
          ws.onopen = ws.onmessage = ws.onclose = ws.onerror = null;
          ws.close();
        }
        resolve({ spoke: this.#spoke, code, problem: this.#problem });
      };
      try {
        ws = new WebSocket(url);
      } catch {
        this.#end(1006); // a policy of the page forbids it
        return;
      }
      ws.onopen = () => this.send(hello());
      ws.onclose = (event) => this.#end(event.code);
      ws.onerror = () => this.#spoke || this.#end(1006); // a policy that forbids it lets no `close` follow
      ws.onmessage = (event) => this.#hear(event.data, heard);
    });
    this.#ws = ws;
  }

  /** False when the line is not open. */
  send(frame: object): boolean {
    if (this.#ws?.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(JSON.stringify(frame));
    return true;
  }

  /** How long nothing was heard, milliseconds. */
  get silentMs(): number {
    return Date.now() - this.#heardAt;
  }

  close(): void {
    this.#end(OURS);
  }

  #hear(text: unknown, heard: (frame: Frame) => void): void {
    let frame: Frame;
    try {
      frame = JSON.parse(String(text)) as Frame;
    } catch {
      return;
    }
    this.#heardAt = Date.now();
    if (frame.type === "error" && !frame.id) this.#problem = frame.problem;
    else this.#spoke = true;
    if (frame.type === "ping") this.send({ type: "pong" });
    else heard(frame);
  }
}
