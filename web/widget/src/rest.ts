// The chat's own file: fetched and run when it is needed, once; laid by before that, for a network that goes away.

declare const ASSET: string;
declare const INTEGRITY: string;

type Policy = { createScriptURL(url: string): string };
const page = window as { trustedTypes?: { createPolicy(name: string, rules: object): Policy } };

const TRIES = 6;

export interface Rest {
  /** Fetch and run it. Again after 2, 4, 8 ... s when it does not come, five times, or when somebody asks meanwhile. */
  need(): void;
  /** Have the browser keep it, without running it. */
  layBy(): void;
}

/** The chat's file beside the loader; `gaveUp` is called when it has not come after all tries. */
export function restFrom(origin: string, nonce: string, gaveUp: () => void): Rest {
  const url = `${origin}/widget/assets/${ASSET}`;
  let source = "";
  /** On its way, or there. */
  let script: HTMLScriptElement | null = null;
  let tries = 0;
  let again: ReturnType<typeof setTimeout> | undefined;

  const attempt = () => {
    if (script) return;
    clearTimeout(again);
    source ||= trusted(url);
    try {
      script = Object.assign(document.createElement("script"), {
        src: source,
        integrity: INTEGRITY,
        crossOrigin: "anonymous",
        nonce,
        onerror: () => {
          script?.remove();
          script = null;
          tries += 1;
          if (tries < TRIES) again = setTimeout(attempt, 1000 * 2 ** tries);
          else gaveUp();
        },
      });
      document.head.append(script);
    } catch {
      gaveUp(); // the page's policy has Trusted Types, and does not allow ours
    }
  };
  const need = () => {
    if (!script) tries = 0;
    attempt();
  };
  const layBy = () => {
    const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
    if (script || connection?.saveData) return;
    // As a script's request looks, so that the script finds it. Not a `<link>`: Safari has no prefetch, and it would fall
    // under `default-src`, where calls are allowed already. Why no `fetch`: core/opening.ts.
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "blob";
    request.send();
  };
  return { need, layBy };
}

function trusted(url: string): string {
  try {
    // Pages with `require-trusted-types-for 'script'` allow the policy by name: `trusted-types frontdesk`.
    return (
      page.trustedTypes?.createPolicy("frontdesk", { createScriptURL: (it: string) => it }).createScriptURL(url) ?? url
    );
  } catch {
    return url; // The page's policy does not know ours: then plain text is accepted, or it is not to be.
  }
}
