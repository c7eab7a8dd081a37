/** What scripts put on their pages: the widget's, and Swagger UI's. */

interface Window {
  Threadkeeper?: {
    open(): Promise<void>;
    close(): Promise<void>;
    setUser(token: string | null | (() => Promise<string | null>)): Promise<void>;
    on(event: string, listener: EventListener): void;
    off(event: string, listener: EventListener): void;
  };
}

declare function SwaggerUIBundle(options: object): any;
