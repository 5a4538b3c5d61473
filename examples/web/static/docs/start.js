// Shows /openapi.json. "Authorize" takes the token of POST /api/login, for "Try it out".

/** Parts of the viewer that keyboards and screen readers stumble over, and what stands there instead. */
const plainer = ({ React: { createElement } }) => ({
  wrapComponents: {
    // A link inside the button that opens the call. The button puts the call into the address, too.
    DeepLink: () => ({ text }) => createElement("span", null, text),
    // A choice without a name, of one server.
    ServersContainer: () => () => null,
  },
});

/** What the viewer leaves without a name, or out of a keyboard's reach. */
const MISSING = [
  [".close-modal", "aria-label", () => "Close"],
  [".modal-btn.authorize", "aria-label", () => "Authorize with this token"],
  [".examples-select-element", "aria-label", () => "Example"],
  [".body-param__text", "aria-label", () => "Request body"],
  ["[data-param-name] select", "aria-label", (select) => select.closest("[data-param-name]").dataset.paramName],
  [".json-schema-2020-12-accordion", "aria-label", (button) => button.textContent || "Members"],
  ["pre.microlight, .highlight-code pre, .operation-link pre", "tabindex", () => "0"],
];

function complete() {
  for (const [which, attribute, value] of MISSING) {
    for (const element of document.querySelectorAll(which)) {
      if (element.getAttribute(attribute) !== value(element)) element.setAttribute(attribute, value(element));
    }
  }
}
new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });

/** The viewer sends the examples of headers as they stand: an entity-tag that no event has, a key used before. */
function withoutHeaderExamples(text) {
  const document = JSON.parse(text);
  for (const parameter of Object.values(document.components.parameters)) {
    if (parameter.in === "header") delete parameter.example;
  }
  return JSON.stringify(document);
}

SwaggerUIBundle({
  url: "/openapi.json",
  responseInterceptor(response) {
    const isDocument = new URL(response.url, location.href).pathname === "/openapi.json";
    return isDocument ? { ...response, text: withoutHeaderExamples(response.text) } : response;
  },
  dom_id: "#reference",
  plugins: [plainer],
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // Would ask another server about the document.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
