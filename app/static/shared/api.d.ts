/** The fields of API objects that the pages read. For the type checker only. */

export type ApiObject = Record<string, any>;

export interface Assistant extends ApiObject {
  id: string;
  name: string | null;
  description?: string | null;
  metadata?: Record<string, string>;
  tools?: Array<{ type: string }>;
  tool_resources?: Record<string, any> | null;
}

export interface Thread extends ApiObject {
  id: string;
  created_at: number;
  metadata: Record<string, string>;
  preview?: string | null;
}

export interface Message extends ApiObject {
  id: string;
  role: "user" | "assistant";
  content: ApiObject[];
}

export interface Run extends ApiObject {
  id: string;
  thread_id: string;
  assistant_id: string;
  status: string;
}

export interface Step extends ApiObject {
  id: string;
  type: string;
  status: string;
}
