/** What the widget's script puts on its page. */

interface Window {
  Threadkeeper?: {
    open(): Promise<void>;
    close(): Promise<void>;
    on(event: string, listener: EventListener): void;
    off(event: string, listener: EventListener): void;
  };
}
