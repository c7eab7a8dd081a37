/** What the pages use of DOMPurify. */

export interface Purifier {
  addHook(name: string, hook: (node: Element) => void): void;
  sanitize(html: string, options: object): DocumentFragment;
}

export default function createPurifier(window: Window): Purifier;
