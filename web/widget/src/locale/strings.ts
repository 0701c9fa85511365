// What the widget says in one language. Texts of the hotel (its name, consent, answers) come from the server.

/** Forms by the plural categories of Unicode (CLDR); `{n}` is the number. */
export type Plural = { readonly [K in Intl.LDMLPluralRule]?: string } & { readonly other: string };

export interface Strings {
  readonly close: string;
  readonly soundOn: string;
  readonly soundOff: string;
  readonly hello: string;
  readonly starters: readonly string[];
  /** What was said, as opposed to the field below it. */
  readonly conversation: string;
  readonly field: string;
  readonly placeholder: string;
  readonly send: string;
  readonly you: string;
  readonly assistant: string;
  readonly team: string;
  /** Under the hotel's name, while the assistant answers. */
  readonly present: string;
  /** When people answer, as far as the hotel says. */
  readonly teamUntil: string;
  readonly teamFrom: string;
  readonly withStaff: string;
  readonly waiting: string;
  readonly wait: Plural;
  readonly typingAi: string;
  readonly typingStaff: string;
  readonly sources: Plural;
  readonly suggestions: string;
  readonly sending: string;
  readonly kept: string;
  readonly sent: string;
  readonly read: string;
  readonly failed: string;
  readonly edit: string;
  readonly offline: string;
  readonly unreachable: string;
  readonly refused: string;
  readonly again: string;
  readonly unread: Plural;
  readonly below: string;
  readonly newTab: string;
}
