// A person with an HTTP client, whose requests never hang.

import { request } from "node:http";

export const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Talks to `server` (anything with a `url`, asked at each request, so that a client outlives a
 * restart). `identity` is what is known of the person; with a `token` in it, requests carry it.
 *
 * An answer is `{ status, headers, text, body }`; `body` is the parsed JSON, if it is JSON.
 */
export class Client {
  constructor(server, identity = {}) {
    Object.assign(this, identity, { server });
  }

  get(path, headers) {
    return this.request("GET", path, { headers });
  }

  post(path, json, headers) {
    return this.request("POST", path, { json, headers });
  }

  put(path, json, headers) {
    return this.request("PUT", path, { json, headers });
  }

  patch(path, json, headers) {
    return this.request("PATCH", path, { json, headers });
  }

  delete(path, headers, json) {
    return this.request("DELETE", path, { headers, json });
  }

  /** `json` is serialised and labelled; `body` goes out as it is, without a content type. */
  async request(method, path, { json, body, headers = {}, ...options } = {}) {
    const sent = new Headers(this.token ? { authorization: `Bearer ${this.token}` } : {});
    if (json !== undefined) sent.set("content-type", "application/json");
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    const response = await fetch(this.server.url + path, {
      method,
      headers: sent,
      body: json === undefined ? body : JSON.stringify(json),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      redirect: "manual",
      ...options,
    }).catch((cause) => {
      throw new Error(`${method} ${path} was not answered: ${cause.message}`, { cause });
    });
    const text = await response.text();
    const isJson = /^application\/([a-z]+\+)?json\b/.test(response.headers.get("content-type"));
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== "" ? JSON.parse(text) : undefined,
    };
  }

  /** The same person at another isolate. */
  at(server) {
    return new Client(server, this);
  }
}

/** Sends `headers`, a flat list of names and values, as they are: twice the same name included. */
export function rawRequest(server, method, path, headers) {
  return new Promise((resolve, reject) => {
    const url = new URL(path, server.url);
    request(url, { method, headers: ["host", url.host, ...headers], timeout: REQUEST_TIMEOUT_MS })
      .on("timeout", () => reject(new Error(`${method} ${path} was not answered`)))
      .on("error", reject)
      .on("response", (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers }));
      })
      .end();
  });
}
