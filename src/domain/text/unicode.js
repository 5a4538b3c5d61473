// unicode.js: what needs the tables of Unicode, which the engine has and the Worker need not carry.
// `unicode.rs` says what each function does, and does the same natively.

export const nfc = (text) => text.normalize("NFC");

export const withoutMarks = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "");

/** The host in ASCII and the whole URL, with a space between them, which neither contains. */
export function parseUrl(text) {
  try {
    const { hostname, href } = new URL(text);
    return `${hostname} ${href}`;
  } catch {
    return undefined;
  }
}
