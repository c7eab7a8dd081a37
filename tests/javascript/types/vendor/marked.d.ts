/** What the pages use of marked. */

export interface Token {
  type: string;
  raw: string;
  [property: string]: any;
}

export type Links = Record<string, object>;

export class Lexer {
  constructor(options: object);
  tokens: Token[] & { links: Links };
  lex(text: string): Token[];
}

export class Marked {
  constructor(options: object);
  defaults: object;
  use(options: object): void;
  parser(tokens: Token[]): string;
}
