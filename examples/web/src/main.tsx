// The frame around every page, and which page an address shows. Addresses are fragments
// (`#/events/…`), so that any server of files will do.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Headline } from "./parts.tsx";
import { end, useUser } from "./session.ts";
import { LogIn, SignUp } from "./pages/account.tsx";
import { EditEvent, NewEventPage } from "./pages/edit.tsx";
import { EventPage } from "./pages/event.tsx";
import { Events } from "./pages/events.tsx";
import { Mine } from "./pages/mine.tsx";
import { Organize } from "./pages/organize.tsx";
import { People } from "./pages/people.tsx";

function useAddress(): string[] {
  const [address, setAddress] = useState(location.hash);
  useEffect(() => {
    const follow = () => setAddress(location.hash);
    addEventListener("hashchange", follow);
    // It may have changed since the page was drawn.
    follow();
    return () => removeEventListener("hashchange", follow);
  }, []);
  return address.replace(/^#\/?/, "").split("/");
}

function Page({ address }: { address: string[] }) {
  const [section = "", first, second] = address;
  const user = useUser();
  if (section === "") return <Events />;
  if (section === "events" && first) return <EventPage key={first} id={first} user={user} />;
  if (section === "signup") return <SignUp next={address.slice(1).join("/")} />;
  if (section === "login") return <LogIn next={address.slice(1).join("/")} />;
  if (!user) return <LogIn next={address.join("/")} />;
  if (section === "mine") return <Mine />;
  if (section === "organize" && user.role === "organizer") {
    if (!first) return <Organize />;
    if (first === "new") return <NewEventPage />;
    if (second === "edit") return <EditEvent key={first} id={first} />;
    if (second === "people") return <People key={first} id={first} />;
  }
  return (
    <>
      <Headline>There is nothing here</Headline>
      <p>
        <a href="#/">All events</a>
      </p>
    </>
  );
}

function Frame() {
  const address = useAddress();
  const user = useUser();
  const link = (to: string, text: string) => (
    <a href={`#/${to}`} aria-current={address[0] === to && !address[1] ? "page" : undefined}>
      {text}
    </a>
  );
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.querySelector("h1")?.focus(); }}>
        Skip to the content
      </a>
      <header>
        <nav aria-label="Main">
          {link("", "Events")}
          {user && link("mine", "My seats")}
          {user?.role === "organizer" && link("organize", "Organise")}
          {user ? (
            <button class="link" onClick={() => { void end(); location.hash = "#/"; }}>
              Log out
            </button>
          ) : (
            link("login", "Log in")
          )}
        </nav>
      </header>
      <main id="main">
        <Page address={address} />
      </main>
      <footer>
        An example on the <a href="/docs">event-platform API</a>.
      </footer>
    </>
  );
}

render(<Frame />, document.getElementById("app")!);
