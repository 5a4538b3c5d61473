//! Accounts and sessions.

use serde_json::json;

use super::examples;
use super::operation::Operation;
use crate::api::shared::problem::Problem;
use crate::domain::Refusal;

const TAG: &str = "Accounts";

pub(super) fn operations() -> Vec<Operation> {
    let user = json!({ "user": examples::user() });
    let limited = || Refusal::RateLimited { retry_after: 10 };
    vec![
        Operation::post("/api/register", "signUp", TAG)
            .says("Make an account", "A mail to confirm the address follows. Any number of sign-ups of one address at the same moment make exactly one account.")
            .body("SignUp", &examples::sign_up())
            .answers(201, "The account.", "OneUser", &user, &[])
            .refuses([Refusal::EmailTaken, limited()]),
        Operation::post("/api/login", "logIn", TAG)
            .says("Begin a session", "An unknown address and a wrong password get the same answer after the same work. After ten failures in a row for one address the next try is 429, with a pause that grows.")
            .body("Credentials", &examples::credentials())
            .answers(200, "The session.", "Session", &examples::session(), &[])
            .refuses([Refusal::InvalidCredentials, limited()]),
        Operation::post("/api/token/refresh", "refreshToken", TAG)
            .says("Go on with a session", "Each refresh token works once. For 30 seconds it gives the same successor again, as long as that one is unused, since two tabs may refresh at the same moment; after that, using it ends the whole session.")
            .body("RefreshToken", &json!({ "refresh_token": examples::TOKEN }))
            .answers(200, "The session with new tokens.", "Session", &examples::session(), &[])
            .refuses([Refusal::InvalidRefreshToken]),
        Operation::post("/api/logout", "logOut", TAG)
            .says("End this session", "Its tokens are refused from now on.")
            .with_token()
            .answers_nothing(204, "The session has ended."),
        Operation::get("/api/verify-email", "openVerificationLink", TAG)
            .says("Follow the link of the confirmation mail", "A small page with a button that confirms. Opening it does not use the token up.")
            .takes(&["VerificationToken"])
            .shows(200, "The page with the button.")
            .shows(422, "The same page, saying that the link is spent or has expired."),
        Operation::post("/api/verify-email", "verifyEmail", TAG)
            .says("Confirm an address", "The same for programs, with the token from the mail.")
            .body("MailedToken", &json!({ "token": examples::TOKEN }))
            .answers_nothing(204, "The address is confirmed.")
            .refuses([Refusal::InvalidToken]),
        Operation::post("/api/verify-email/form", "verifyEmailByForm", TAG)
            .says("Confirm an address (the page's button)", "For programs there is `POST /api/verify-email`.")
            .form("MailedToken")
            .shows(200, "A page that says that the address is confirmed.")
            .shows(422, "A page that says that the link is spent or has expired."),
        Operation::post("/api/verify-email/resend", "resendVerification", TAG)
            .says("Send the confirmation mail again", "")
            .with_token()
            .answers_nothing(202, "A mail is on its way, if the address was not confirmed yet.")
            .refuses([limited()]),
        Operation::post("/api/password/forgot", "forgotPassword", TAG)
            .says("Ask for a mail that resets the password", "The answer is the same, in the same time, whether the account exists or not.")
            .body("Address", &json!({ "email": "testuser@example.com" }))
            .answers_nothing(202, "A mail is on its way, if there is such an account.")
            .refuses([limited()]),
        Operation::post("/api/password/reset", "resetPassword", TAG)
            .says("Set a new password", "With the token from the mail. Every session of the user ends.")
            .body("PasswordReset", &json!({ "token": examples::TOKEN, "password": "AnotherPassword456" }))
            .answers_nothing(204, "The password is set.")
            .refuses([Refusal::InvalidToken, limited()]),
        Operation::get("/api/password/reset", "openResetLink", TAG)
            .says("Follow the link of the mail that resets the password", "A page with a form. It spends nothing.")
            .takes(&["VerificationToken"])
            .shows(200, "The form.")
            .shows(422, "A page that says that the link is spent or has expired."),
        Operation::post("/api/password/reset/form", "resetPasswordByForm", TAG)
            .says("Set a new password (the page's form)", "For programs there is `POST /api/password/reset`.")
            .form("PasswordReset")
            .shows(200, "A page that says that the password is set.")
            .shows(422, "The form again, or that the link is spent.")
            .refuses([limited()]),
        Operation::get("/api/me", "me", TAG)
            .says("Your account", "")
            .with_token()
            .answers(200, "The account.", "OneUser", &user, &[]),
        Operation::patch("/api/me", "changeMe", TAG)
            .says("Change your name", "The organizer's name in events follows within seconds.")
            .with_token_for_change()
            .body("ProfileChange", &json!({ "name": "Ada" }))
            .answers(200, "The account.", "OneUser", &user, &[]),
        Operation::delete("/api/me", "deleteMe", TAG)
            .says("Delete your account", "Sessions end, seats are given back, and personal data is erased.")
            .with_token()
            .body("PasswordProof", &json!({ "password": "SecurePassword123" }))
            .answers_nothing(204, "The account is gone.")
            .refuses([Refusal::InvalidCredentials, Refusal::HasEvents, limited()]),
        Operation::put("/api/me/password", "changePassword", TAG)
            .says("Change your password", "Your other sessions end.")
            .with_token()
            .body("PasswordChange", &json!({ "current_password": "SecurePassword123", "new_password": "AnotherPassword456" }))
            .answers_nothing(204, "The password is changed.")
            .refuses([Refusal::InvalidCredentials, limited()]),
        Operation::get("/api/me/export", "exportMe", TAG)
            .says("Everything held about you", "Up to 400 events and 400 registrations: `complete` says whether these are all.")
            .with_token()
            .answers(200, "Your data.", "Export", &examples::export(), &["Content-Disposition"]),
        Operation::post("/api/me/calendar-key", "newCalendarKey", TAG)
            .says("A secret address for your calendar", "A feed of the events at which you have a seat. The address before it opens nothing any more.")
            .with_token_for_change()
            .answers(201, "The address.", "CalendarFeed", &json!({ "url": "https://events.example/api/me/calendar.ics?key=…" }), &[]),
        Operation::get("/api/me/calendar.ics", "calendarFeed", TAG)
            .says("The feed behind a secret address", "iCalendar (RFC 5545). An unknown key and one that was replaced are 404.")
            .takes(&["Key"])
            .answers_with(200, "The feed.", "text/calendar", json!({ "schema": { "type": "string" } }), &[])
            .refuses([Refusal::NotFound]),
        Operation::get("/api/me/events", "myEvents", TAG)
            .says("The events that you organise", "In every status. `join_url` is `null` in lists.")
            .with_token()
            .takes(&["Sort", "From", "To", "Limit", "Cursor"])
            .answers(200, "A page.", "EventPage", &examples::page("events", &examples::event()), &["Link"])
            .refuses([Problem::invalid()]),
        Operation::get("/api/me/registrations", "myRegistrations", TAG)
            .says("Your registrations", "Those that stand, each with its event, newest event first. A page holds at most 50, whatever `limit` says, and may hold fewer though more follow: go by `next_cursor`.")
            .with_token()
            .takes(&["Limit", "Cursor"])
            .answers(200, "A page.", "OwnRegistrationPage", &examples::page("registrations", &examples::own_registration()), &["Link"])
            .refuses([Problem::invalid()]),
    ]
}
