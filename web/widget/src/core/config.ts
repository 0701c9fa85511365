// What the script tag says, handed from the loader to the widget.

export interface Config {
  /** Of what is kept in the browser: one for each hotel and service. */
  readonly name: string;
  /** The hotel's slug. */
  readonly hotel: string;
  /** Where the conversation service is: the origin that the loader came from. */
  readonly origin: string;
  /** Where the gateway is; asked for the opening view only. */
  readonly gateway: string | null;
  /** BCP 47; the guest's browser decides when it is left out. */
  readonly language: string | null;
  readonly position: "start" | "end";
}
