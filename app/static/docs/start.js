// A file of its own, since the page's Content-Security-Policy lets no inline script run.
"use strict";

SwaggerUIBundle({
  dom_id: "#swagger-ui",
  // Beside the page, whatever prefix a proxy puts before both.
  url: new URL("openapi.json", document.baseURI).href,
  deepLinking: true,
  displayRequestDuration: true,
  // It would ask a server of others about the document.
  validatorUrl: null,
  // Nor may a link choose another document, whose calls would then bear the reader's key.
  queryConfigEnabled: false,
});
