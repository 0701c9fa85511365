// What the conversation service and the gateway say, as types: the widget trusts these shapes and nothing beyond them.

export type Sender = "guest" | "ai" | "staff" | "system";

export interface Source {
  readonly article_id: string;
  readonly title: string;
}

export interface Message {
  readonly id: string;
  readonly conversation_id: string;
  /** Position in the conversation, from 1, without gaps. */
  readonly seq: number;
  readonly sender: Sender;
  readonly sender_name?: string | null;
  readonly text: string;
  readonly kind?: "text" | "notice";
  readonly notice?: string | null;
  readonly action?: string | null;
  readonly sources?: readonly Source[];
  readonly choices?: readonly string[];
  readonly language?: string | null;
  readonly turn_id?: string | null;
  readonly sent_at: string;
}

export interface Page {
  readonly items: readonly Message[];
  readonly next_cursor?: string | null;
}

export type Status = "open" | "paused" | "waiting_for_staff" | "with_staff" | "ended";

export interface Conversation {
  readonly id: string;
  readonly guest_id: string;
  readonly status: Status;
  readonly assignee: { readonly name: string | null } | null;
  readonly last_seq: number;
  /** Left out by servers that do not keep it. */
  readonly read_by_guest_seq?: number;
  readonly read_by_desk_seq?: number;
}

export interface Hotel {
  readonly name: string;
  readonly language: string;
  readonly brand: { readonly colour?: string; readonly logo_url?: string | null };
  readonly consent_text: string;
  readonly hours?: {
    readonly open_now: boolean | null;
    readonly opens_at: string | null;
    readonly closes_at: string | null;
  } | null;
  readonly time_zone?: string;
}

/** What the launcher shows of a hotel; empty while nothing is known. */
export type Face = Partial<Pick<Hotel, "name" | "brand">>;

export type OnDuty =
  | { readonly status: "unavailable" }
  | { readonly status: "available"; readonly people: readonly { readonly name: string }[] };
export type ExpectedWait =
  | { readonly status: "unavailable" }
  | { readonly status: "available"; readonly minutes: number };

/** The view before there is a session: what the hotel is called, looks like and whether somebody is there. */
export interface Opening {
  readonly hotel: Hotel;
  readonly on_duty?: OnDuty;
  readonly expected_wait?: ExpectedWait;
}

export interface SessionAnswer {
  readonly token: string;
  readonly guest_id: string;
  readonly expires_at: string;
  readonly hotel: Hotel;
}

/** RFC 9457; `type` ends with the stable name of the refusal. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly retry_after_seconds?: number;
}

export type Frame =
  | { readonly type: "message"; readonly message: Message }
  | { readonly type: "state"; readonly conversation: Conversation }
  | { readonly type: "ack"; readonly id: string; readonly seq: number }
  | { readonly type: "error"; readonly id?: string; readonly problem: Problem }
  | { readonly type: "typing"; readonly by: "staff" | "ai"; readonly name?: string | null }
  | { readonly type: "partial"; readonly turn_id: string; readonly text: string }
  | { readonly type: "ping" };

/** What a host page or the guest says of themselves. */
export interface Details {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly room?: string;
}

/** The last part of a problem's type: `conversation-ended`. */
export function slugOf(problem: Problem | null): string {
  return problem?.type?.split(":").pop() ?? "";
}
