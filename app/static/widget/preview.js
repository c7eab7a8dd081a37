/**
 * Shows the widget as an assistant looks in it, in a frame of the console.
 *
 * The URL's fragment has the assistant and the language, as JSON. The frame's origin is opaque, so
 * it has no access to the server: the page itself answers the widget's first call, and no others.
 */
(() => {
  const shown = JSON.parse(decodeURIComponent(location.hash.slice(1)) || "{}");
  document.documentElement.lang = shown.language ?? "en";
  const session = { token: "preview", expires_at: 0, user: null, assistants: [shown.assistant] };
  const error = { message: "This is a preview.", code: "preview", type: null, param: null };

  window.fetch = async (resource) => {
    const { pathname } = new URL(String(resource), location.href);
    if (pathname.endsWith("/chat/sessions")) return Response.json(session);
    return Response.json({ error }, { status: 403 });
  };

  window.addEventListener("load", () => window.Threadkeeper?.open());
})();
