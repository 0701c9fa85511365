// What the closed launcher says, in every language: all the words that a page needs before the chat is opened.

export interface Closed {
  readonly open: string;
  /** Name of the chat, for the launcher and the panel; `{hotel}`. */
  readonly chat: string;
}

export const CLOSED: { readonly [tag: string]: Closed } = {
  en: { open: "Open chat", chat: "Chat with {hotel}" },
  de: { open: "Chat öffnen", chat: "Chat mit {hotel}" },
  es: { open: "Abrir el chat", chat: "Chat con {hotel}" },
  fr: { open: "Ouvrir la discussion", chat: "Discuter avec {hotel}" },
  it: { open: "Apri la chat", chat: "Chat con {hotel}" },
  nl: { open: "Chat openen", chat: "Chatten met {hotel}" },
  pt: { open: "Abrir a conversa", chat: "Conversar com {hotel}" },
  ar: { open: "فتح الدردشة", chat: "الدردشة مع {hotel}" },
  zh: { open: "打开聊天", chat: "与{hotel}聊天" },
};
