"""OpenAI's older API, Chat Completions: requests and events of the Responses API, translated."""
