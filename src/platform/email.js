// Sends a mail through the binding. Its argument contains bytes, which JSON cannot carry. Only the code of an
// error is returned, since its message may name people.

/** Resolves to nothing once the service has accepted the mail, and otherwise to the error's code. */
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
