// Shows /openapi.json. "Authorize" takes the token of POST /api/login, for "Try it out".
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // Would ask another server about the document.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
