// Sign-up and login.

import { granted } from "../../../../clients/typescript/index.ts";
import { Choice, Field, Form, type Values } from "../form.tsx";
import { Headline } from "../parts.tsx";
import { begin, platform } from "../session.ts";

interface Props {
  /** Where people wanted to go: what comes after the `#/` of an address. */
  next: string;
}

async function logIn({ email = "", password = "" }: Values, next: string) {
  await begin(await granted(platform.POST("/api/login", { body: { email, password } })));
  location.hash = `#/${next}`;
}

export function LogIn({ next }: Props) {
  return (
    <section class="narrow">
      <Headline>Log in</Headline>
      <Form submit="Log in" onSubmit={(values) => logIn(values, next)}>
        {(wrong) => (
          <>
            <Field name="email" label="E-mail" type="email" autocomplete="username" required wrong={wrong("email")} />
            <Field name="password" label="Password" type="password" autocomplete="current-password" required wrong={wrong("password")} />
          </>
        )}
      </Form>
      <p>
        New here? <a href={`#/signup/${next}`}>Sign up</a>
      </p>
    </section>
  );
}

export function SignUp({ next }: Props) {
  const signUp = async (values: Values) => {
    const { email = "", password = "", name = "", role } = values;
    await granted(
      platform.POST("/api/register", {
        body: { email, password, name: name.trim() || null, role: role === "organizer" ? role : "attendee" },
      }),
    );
    await logIn(values, next);
  };
  return (
    <section class="narrow">
      <Headline>Sign up</Headline>
      <Form submit="Sign up" onSubmit={signUp}>
        {(wrong) => (
          <>
            <Field name="name" label="Name" autocomplete="name" dir="auto" most={100} wrong={wrong("name")} />
            <Field name="email" label="E-mail" type="email" autocomplete="username" required wrong={wrong("email")} />
            <Field name="password" label="Password" type="password" autocomplete="new-password" required hint="At least 8 characters." wrong={wrong("password")} />
            <Choice name="role" label="I want to" options={{ attendee: "take part in events", organizer: "organise events, too" }} />
          </>
        )}
      </Form>
      <p>
        Here before? <a href={`#/login/${next}`}>Log in</a>
      </p>
    </section>
  );
}
