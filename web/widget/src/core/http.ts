// Calls of the conversation service: every one ends within a time limit, and every refusal has one shape.

import type { Problem } from "./protocol.ts";

const LIMIT_MS = 10_000;

/** A call that did not do what was asked. `status` 0: nobody answered. */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Problem | null;
  /** How long the server asks to be left alone, milliseconds. */
  readonly retryMs: number | null;

  constructor(status: number, problem: Problem | null, retryMs: number | null = null) {
    super(problem?.title ?? (status ? `HTTP ${status}` : "no answer"));
    this.status = status;
    this.problem = problem;
    this.retryMs = retryMs;
  }

  /** Whether the same call may work later. */
  get isPassing(): boolean {
    return this.status === 0 || passes(this.status);
  }
}

/** Whether a refusal with that status may be another one later. */
export function passes(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

export interface Call {
  readonly method?: "GET" | "POST";
  readonly token?: string | null;
  readonly body?: unknown;
  readonly limitMs?: number;
}

/** The answer's JSON; null when it has no body. Throws Refused. */
export async function call<T>(url: string, { method = "GET", token, body, limitMs = LIMIT_MS }: Call = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limitMs);
  try {
    const answer = await fetch(url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: "omit",
      mode: "cors",
      referrerPolicy: "no-referrer",
      signal: abort.signal,
    });
    const text = await answer.text();
    if (answer.ok) return (text ? JSON.parse(text) : null) as T;
    throw new Refused(answer.status, problemOf(text, answer.status), retryAfter(answer.headers.get("Retry-After")));
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(0, null);
  } finally {
    clearTimeout(timer);
  }
}

/** What a refusal says of itself. Who stands in between (a CDN) says it in other words: the status is the answer's own. */
export function problemOf(text: string, status: number): Problem | null {
  try {
    const said = JSON.parse(text) as Partial<Problem> | null;
    return said && { ...said, type: String(said.type ?? ""), title: String(said.title ?? ""), status };
  } catch {
    return null;
  }
}

/** `Retry-After` in its form of seconds (RFC 9110, 10.2.3), milliseconds, two minutes at most. */
export function retryAfter(header: string | null): number | null {
  const seconds = Number(header);
  return header && seconds >= 0 ? Math.min(seconds, 120) * 1000 : null;
}
