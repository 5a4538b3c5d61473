// unicode.js: what needs the tables of Unicode, which the engine has and the Worker need not carry.
// `unicode.rs` says what each function does, and does the same natively.

export const nfc = (text) => text.normalize("NFC");

export const withoutMarks = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "");

/** The host in ASCII and the whole URL, with a space between them, which neither contains. */
export function parseUrl(text) {
  try {
    const { hostname, href } = new URL(text);
    // The runtime reads the labels of a host only if some of it is beyond ASCII. Beside such a label it refuses one
    // that begins with `xn--` and stands for nothing.
    if (hostname.includes("xn--")) new URL(`https://ä.${hostname}/`);
    return `${hostname} ${href}`;
  } catch {
    return undefined;
  }
}
