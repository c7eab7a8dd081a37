// A file of its own, since the page's Content-Security-Policy lets no inline script run.
"use strict";

// The key stays for this tab alone, over a reload of it too. Swagger UI's own way to keep it would
// leave it in the browser for good.
const KEPT = "threadkeeper.docs.authorized";

function keepAuthorization(swagger) {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) {
    try {
      swagger.authActions.authorize(JSON.parse(kept));
    } catch {
      sessionStorage.removeItem(KEPT);
    }
  }
  swagger.getStore().subscribe(() => {
    const authorized = swagger.authSelectors.authorized().toJS();
    if (Object.keys(authorized).length) sessionStorage.setItem(KEPT, JSON.stringify(authorized));
    else sessionStorage.removeItem(KEPT);
  });
}

/** Forms begin with nothing in what may be left out; else the page would make up an expiry. */
function withPlainForms(text) {
  const api = JSON.parse(text);
  for (const operations of Object.values(api.paths)) {
    for (const { requestBody } of Object.values(operations)) {
      const schema = requestBody?.content?.["multipart/form-data"]?.schema;
      for (const [name, property] of Object.entries(schema?.properties ?? {})) {
        if (!schema.required?.includes(name)) property.default = "";
      }
    }
  }
  return JSON.stringify(api);
}

function leaveOutEmpty(form) {
  for (const [name, value] of [...form]) if (value === "") form.delete(name);
}

const documentUrl = new URL("openapi.json", document.baseURI).href;
const swagger = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  // Beside the page, whatever prefix a proxy puts before both.
  url: documentUrl,
  requestInterceptor: (request) => {
    if (request.body instanceof FormData) leaveOutEmpty(request.body);
    return request;
  },
  responseInterceptor: (response) => {
    if (response.url === documentUrl) response.text = withPlainForms(response.text);
    return response;
  },
  deepLinking: true,
  displayRequestDuration: true,
  // It would ask a server of others about the document.
  validatorUrl: null,
  // Nor may a link choose another document, whose calls would then bear the reader's key.
  queryConfigEnabled: false,
  onComplete: () => keepAuthorization(swagger),
});
