// The HTTP APIs of mail providers on a local port, as far as a sender can tell: each demands what its
// documentation demands, keeps what it was sent, and answers with errors when told to. (Resend, which
// knows idempotency keys and batches, has `mail-double.mjs`.)

import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";
import { eventually } from "./eventually.mjs";

/**
 * A provider whose `take({ method, url, headers, body })` gives `[status, answer, mail, headers]`: the
 * mail that it has taken, if it has taken one. `answers` are given first, one request each.
 */
class ProviderDouble {
  #http = createServer((request, response) => this.#receive(request, response));
  #answers = [];

  /** The mails that were taken, and the status of each request, in order. */
  taken = [];
  statuses = [];

  static async start(...options) {
    const double = new this(...options);
    await new Promise((resolve) => double.#http.listen(0, "127.0.0.1", resolve));
    return double;
  }

  get url() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  /** The next requests are answered so: `[status, answer, headers]` each. */
  answerNext(...answers) {
    this.#answers.push(...answers);
  }

  mailsTo(address, count = 1) {
    return eventually(
      () => {
        const mails = this.taken.filter(({ to }) => to.includes(address));
        if (mails.length >= count) return mails;
        throw new Error(`${mails.length} of ${count} mails to ${address}; answers: [${this.statuses}]`);
      },
      { within: 45_000 },
    );
  }

  dispose() {
    const closed = new Promise((resolve) => this.#http.close(resolve));
    this.#http.closeAllConnections();
    return closed;
  }

  async #receive(request, response) {
    const { method, url, headers } = request;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const told = this.#answers.shift();
    const [status, answer, mail, more] = told
      ? [told[0], told[1], undefined, told[2]]
      : await this.take({ method, url, headers, body: Buffer.concat(chunks) });
    if (mail) this.taken.push(mail);
    this.statuses.push(status);
    response.writeHead(status, { "content-type": "application/json", ...more });
    response.end(JSON.stringify(answer));
  }
}

/** Amazon SES: each request's signature is computed anew, from what was received. */
export class SesDouble extends ProviderDouble {
  #credentials = {
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "a/secret+for+tests",
    AWS_SESSION_TOKEN: "a//session+token==",
  };

  get settings() {
    return { MAIL_PROVIDER: "ses", MAIL_API_URL: this.url, ...this.#credentials };
  }

  take(request) {
    const failure = (status, kind, message) => [status, { message }, undefined, { "x-amzn-errortype": kind }];
    if (request.method !== "POST" || request.url !== "/v2/email/outbound-emails") {
      return failure(404, "UnknownOperationException", request.url);
    }
    if (request.headers["x-amz-security-token"] !== this.#credentials.AWS_SESSION_TOKEN) {
      return failure(403, "UnrecognizedClientException", "no such token");
    }
    if (request.headers.authorization !== authorization(request, this.#credentials)) {
      return failure(403, "InvalidSignatureException", "the signature does not match");
    }
    const { FromEmailAddress: from, Destination, Content } = JSON.parse(request.body);
    const { Subject, Body, Headers = [], Attachments = [] } = Content.Simple;
    const mail = {
      from,
      to: Destination.ToAddresses.join(),
      subject: Subject.Data,
      text: Body.Text.Data,
      html: Body.Html.Data,
      headers: Object.fromEntries(Headers.map(({ Name, Value }) => [Name, Value])),
      files: Attachments.map(({ FileName, RawContent, ContentType }) => ({
        name: FileName,
        type: ContentType,
        content: Buffer.from(RawContent, "base64").toString(),
      })),
    };
    return [200, { MessageId: `ses-${this.taken.length}` }, mail];
  }
}

/**
 * The `Authorization` that a request should have had, step by step as AWS describes Signature Version 4:
 * canonical request, string to sign, signing key, signature.
 */
function authorization({ method, url, headers, body }, { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }) {
  const sha256 = (data) => createHash("sha256").update(data).digest("hex");
  const hmac = (key, data) => createHmac("sha256", key).update(data).digest();
  const time = headers["x-amz-date"] ?? "";
  const age = Date.now() - Date.parse(time.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  if (!(Math.abs(age) < 300_000)) return `a time that is ${age} ms off`;
  const scope = [time.slice(0, 8), AWS_REGION, "ses", "aws4_request"];
  const signed = ["content-type", "host", "x-amz-date", "x-amz-security-token"];
  const canonical = [
    method,
    url,
    "",
    ...signed.map((name) => `${name}:${headers[name].trim().replace(/ +/g, " ")}`),
    "",
    signed.join(";"),
    sha256(body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(canonical)].join("\n");
  const key = scope.reduce(hmac, `AWS4${AWS_SECRET_ACCESS_KEY}`);
  const signature = hmac(key, toSign).toString("hex");
  const credential = `${AWS_ACCESS_KEY_ID}/${scope.join("/")}`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed.join(";")}, Signature=${signature}`;
}

/** Mailgun: a form in parts, which Node's own parser takes apart. */
export class MailgunDouble extends ProviderDouble {
  #key = "key-for-tests-alone";

  get settings() {
    return {
      MAIL_PROVIDER: "mailgun",
      MAIL_API_URL: this.url,
      MAIL_API_KEY: this.#key,
      MAILGUN_DOMAIN: "mg.example.org",
    };
  }

  async take({ method, url, headers, body }) {
    if (method !== "POST" || url !== "/v3/mg.example.org/messages") return [404, { message: "Domain not found" }];
    const expected = `Basic ${Buffer.from(`api:${this.#key}`).toString("base64")}`;
    if (headers.authorization !== expected) return [401, { message: "Forbidden" }];
    const request = new Response(body, { headers: { "content-type": headers["content-type"] } });
    const form = await request.formData();
    const files = await Promise.all(
      form.getAll("attachment").map(async (file) => ({
        name: file.name,
        type: file.type,
        content: Buffer.from(await file.arrayBuffer()).toString(),
      })),
    );
    const fields = [...form].filter(([name]) => name.startsWith("h:"));
    const mail = {
      ...Object.fromEntries(["from", "to", "subject", "text", "html"].map((name) => [name, form.get(name)])),
      headers: Object.fromEntries(fields.map(([name, value]) => [name.slice(2), value])),
      tracking: form.get("o:tracking"),
      files,
    };
    return [200, { id: `<${this.taken.length}@mg.example.org>`, message: "Queued. Thank you." }, mail];
  }
}

/** Postmark, of which `/email/batch` is used alone. */
export class PostmarkDouble extends ProviderDouble {
  #token = "a-server-token-for-tests";

  get settings() {
    return {
      MAIL_PROVIDER: "postmark",
      MAIL_API_URL: this.url,
      MAIL_API_KEY: this.#token,
      POSTMARK_BROADCAST_STREAM: "broadcasts",
    };
  }

  take({ method, url, headers, body }) {
    if (method !== "POST" || url !== "/email/batch") return [404, {}];
    if (headers["x-postmark-server-token"] !== this.#token) return [401, { ErrorCode: 10, Message: "Bad token" }];
    const mails = JSON.parse(body).map(({ To, Subject, MessageStream = "outbound" }) => ({
      to: To,
      subject: Subject,
      stream: MessageStream,
    }));
    this.taken.push(...mails);
    return [200, mails.map(() => ({ ErrorCode: 0, Message: "OK" }))];
  }
}
