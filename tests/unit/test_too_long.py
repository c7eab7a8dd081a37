"""Which errors of upstreams say that a request is too long for the model."""

import pytest

from app.core.error_words import ErrorWords
from app.core.too_long import is_too_long

OPENAI = (
    "Your input exceeds the context window of this model. Please adjust your input and try again."
)
VLLM = (
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens in the "
    "messages, Please reduce the length of the messages."
)
LLAMA = "the request exceeds the available context size. try increasing the context size"
MISTRAL = "Prompt contains 40000 tokens, too large for model with 32768 maximum context length"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, ErrorWords("Too long.", code="context_length_exceeded")),
        (400, ErrorWords(LLAMA, type="exceed_context_size_error")),
        (400, ErrorWords(OPENAI)),
        (400, ErrorWords(VLLM)),
        (500, ErrorWords(LLAMA)),
        (400, ErrorWords("prompt is too long: 208310 tokens > 200000 maximum")),
        (
            400,
            ErrorWords(
                "The input token count (1100000) exceeds the maximum number of tokens allowed."
            ),
        ),
        (400, ErrorWords(MISTRAL)),
        (422, ErrorWords("Context window exceeded.")),
    ],
)
def test_it_is(status, words):
    assert is_too_long(status, words)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, ErrorWords(VLLM)),
        (429, ErrorWords("Request too large: the limit is 30000 tokens per minute.")),
        (400, ErrorWords("Unsupported parameter: 'temperature' is not supported.")),
        (400, ErrorWords("The model `x` does not exist.")),
        (400, ErrorWords("")),
    ],
)
def test_it_is_not(status, words):
    assert not is_too_long(status, words)
