// What people give, as the platform takes it.

/** Characters as the platform counts them: code points. */
export const lengthOf = (text: string) => [...text].length;

/** The title of an event that was given none: its description's first line. */
export function defaultTitle(description: string): string {
  const line = description.split(/\r?\n/).map((text) => text.trim()).find(Boolean) ?? "";
  return [...line.replace(/\p{Cc}/gu, "")].slice(0, 200).join("").trimEnd();
}

/** An id that nobody else has. `crypto.randomUUID` is missing from pages that came without HTTPS. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The zones that this browser knows, for suggestions. */
export const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** This browser's zone; one that cannot tell says `Etc/Unknown`. */
export function ownZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return /^[A-Z]/.test(zone) && zone !== "Etc/Unknown" ? zone : "UTC";
}

/** A zone as the platform spells it, if it is one: `europe/berlin` and `America/New York` are meant well. */
export function zoneOf(text: string): string {
  const wanted = text.trim().replace(/\s+/g, "_");
  return ZONES.find((zone) => zone.toLowerCase() === wanted.toLowerCase()) ?? wanted;
}

/** A link in ASCII, as the platform wants it: people paste addresses with umlauts and blanks. */
export function linkOf(text: string): string {
  const link = text.trim();
  if (/^[\x21-\x7e]*$/.test(link)) return link;
  try {
    return new URL(link).href;
  } catch {
    return link;
  }
}
