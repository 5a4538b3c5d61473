// Tokens that the server did not sign, or signed for something else, open nothing.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { JWT_SECRET } from "./support/build.mjs";
import { Client, rawRequest } from "./support/client.mjs";
import { expectStatus, expectUnauthenticated } from "./support/expect.mjs";
import { EVENT, signUpOrganizer } from "./support/people.mjs";
import { useWorkerd } from "./support/server.mjs";
import { decoded, encoded, signed } from "./support/tokens.mjs";

describe("A token", () => {
  const server = useWorkerd();
  let organizer, header, claims;

  before(async () => {
    organizer = await signUpOrganizer(server.current);
    ({ header, claims } = decoded(organizer.token));
  });

  const as = (token) => new Client(server.current, { token });

  async function expectRefused(token) {
    expectUnauthenticated(await as(token).get("/api/me"));
    expectUnauthenticated(await as(token).post("/api/events", EVENT));
  }

  test("signed again as it was is good, so that the forgeries below fail for their own reason", async () => {
    expectStatus(await as(signed(header, claims, JWT_SECRET)).get("/api/me"), 200);
  });

  test("names issuer, audience, subject, times and key", () => {
    for (const name of ["iss", "aud", "sub", "iat", "exp"]) assert.ok(claims[name], name);
    assert.equal(header.alg, "HS256");
    assert.ok(header.kid);
    assert.equal(claims.exp - claims.iat, 3600);
  });

  test("holds nothing secret", () => {
    assert.doesNotMatch(JSON.stringify(claims), /password|\$2[aby]\$/i);
  });

  test("of another secret is refused", () => expectRefused(signed(header, claims, `${JWT_SECRET}!`)));

  test("of alg none is refused", async () => {
    for (const alg of ["none", "None", "NONE"]) {
      const unsigned = `${encoded({ ...header, alg })}.${encoded(claims)}.`;
      await expectRefused(unsigned);
      await expectRefused(unsigned.slice(0, -1));
      await expectRefused(signed({ ...header, alg }, claims, JWT_SECRET));
    }
  });

  test("of another algorithm is refused", async () => {
    for (const alg of ["HS384", "HS512", "RS256", "hs256", ""]) {
      await expectRefused(signed({ ...header, alg }, claims, JWT_SECRET));
    }
  });

  test("that has expired is refused", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const ago of [6, 60, 86_400]) {
      await expectRefused(signed(header, { ...claims, iat: now - 90_000, exp: now - ago }, JWT_SECRET));
    }
  });

  test("of another issuer or audience is refused", async () => {
    for (const name of ["iss", "aud"]) {
      await expectRefused(signed(header, { ...claims, [name]: "somebody else" }, JWT_SECRET));
    }
  });

  test("without one of its claims is refused", async () => {
    for (const name of ["iss", "aud", "sub", "iat", "exp"]) {
      await expectRefused(signed(header, { ...claims, [name]: undefined }, JWT_SECRET));
    }
  });

  test("of an unknown subject opens no account", async () => {
    const sub = "01890000-0000-7000-8000-000000000000";
    expectUnauthenticated(await as(signed(header, { ...claims, sub }, JWT_SECRET)).get("/api/me"));
  });

  test("of an unknown key is refused", () =>
    expectRefused(signed({ ...header, kid: "another" }, claims, JWT_SECRET)));

  test("with any byte changed is refused", async () => {
    const [head, body, signature] = organizer.token.split(".");
    const promoted = encoded({ ...claims, exp: claims.exp + 1 });
    await expectRefused(`${head}.${promoted}.${signature}`);
    const flipped = signature[0] === "A" ? "B" : "A";
    await expectRefused(`${head}.${body}.${flipped}${signature.slice(1)}`);
    await expectRefused(`${head}.${body}.${signature.slice(0, -2)}`);
    await expectRefused(`${head}.${body}`);
    await expectRefused(`${organizer.token}.${signature}`);
  });

  test("under any other name or scheme is refused", async () => {
    const visitor = new Client(server.current);
    const { token } = organizer;
    for (const authorization of [
      token,
      `Basic ${token}`,
      `Token ${token}`,
      "Bearer",
      "Bearer  ",
      `Bearer ${token} ${token}`,
      `Bearer ${token},`,
    ]) {
      expectUnauthenticated(await visitor.get("/api/me", { authorization }));
    }
    expectUnauthenticated(await visitor.get("/api/me", { cookie: `token=${token}` }));
  });

  test("may be announced in any case of letters", async () => {
    const headers = { authorization: `bearer ${organizer.token}` };
    expectStatus(await new Client(server.current).get("/api/me", headers), 200);
  });

  test("in a query string is never read", async () => {
    const visitor = new Client(server.current);
    for (const name of ["token", "access_token", "authorization"]) {
      expectUnauthenticated(await visitor.get(`/api/me?${name}=${organizer.token}`));
    }
  });

  test("twice in one request is refused", async () => {
    const bearer = ["Authorization", `Bearer ${organizer.token}`];
    const once = await rawRequest(server.current, "GET", "/api/me", bearer);
    assert.equal(once.status, 200);
    const twice = await rawRequest(server.current, "GET", "/api/me", [...bearer, ...bearer]);
    assert.equal(twice.status, 401);
    assert.match(twice.headers["www-authenticate"], /^Bearer\b/);
  });

  test("is ignored where none is needed", async () => {
    const { email, password } = organizer;
    expectStatus(await as("forged").post("/api/login", { email, password }), 200);
    expectStatus(await as("forged").get("/api/health"), 200);
  });
});
