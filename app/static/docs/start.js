// A separate file, because the page's Content-Security-Policy forbids inline scripts.
"use strict";

// The key is kept for this tab only and survives a reload. Swagger UI's own option would keep it in
// the browser permanently.
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

/** Leave optional form fields empty; otherwise Swagger UI would make up values, e.g. an expiry. */
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
  // Relative to the page, so that it works behind a proxy's prefix.
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
  // The validator would send the document to a third party's server.
  validatorUrl: null,
  // A link must not choose another document: its calls would carry the reader's key.
  queryConfigEnabled: false,
  onComplete: () => keepAuthorization(swagger),
});
