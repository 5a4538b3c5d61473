// What the runtime does to check signatures: the public-key arithmetic, and fetching the provider's
// certificate.

const SCHEMES = {
  "ecdsa-p256-sha256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "rsa-sha1": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" },
  "rsa-sha256": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
};

const PATIENCE_MS = 5_000;
const TEXT_MAX_BYTES = 65_536;

/** Whether a signature is valid under a public key in DER. With an invalid key it is not. */
export async function verifySignature(scheme, spki, message, signature) {
  const algorithm = SCHEMES[scheme];
  const key = await crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, message);
}

/** The text at a URL, if it arrives promptly, without a redirect, and is short. */
export async function fetchText(url) {
  const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok || Number(response.headers.get("content-length") ?? 0) > TEXT_MAX_BYTES) {
    await response.body?.cancel();
    return undefined;
  }
  const text = await response.text();
  return text.length > TEXT_MAX_BYTES ? undefined : text;
}
