// A mail for the binding that sends it. Its argument holds bytes, which JSON cannot; and an error's
// code is all that is wanted of it, since its words may name people.

/** Resolves to nothing once the service has taken the mail, and otherwise to the error's code. */
export async function send_email(binding, argument) {
  const mail = JSON.parse(argument);
  for (const file of mail.attachments ?? []) {
    file.content = new TextEncoder().encode(file.content).slice().buffer;
  }
  try {
    await binding.send(mail);
  } catch (error) {
    return String(error?.code ?? error?.message?.match(/\bE_[A-Z_]+/)?.[0] ?? "");
  }
}
