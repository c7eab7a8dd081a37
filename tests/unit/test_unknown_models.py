"""Errors that say that an upstream lacks the model, in the words of known servers."""

import pytest

from app.core.error_words import words_of
from app.core.unknown_models import is_unknown_model

UNKNOWN = [
    # OpenAI
    (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}),
    (404, {"error": {"message": "The model `x` does not exist or you do not have access to it."}}),
    (400, {"error": {"message": "The requested model 'x' does not exist.", "code": None}}),
    (403, {"error": {"message": "Project `p` does not have access", "code": "model_not_found"}}),
    # vLLM, Ollama, Gemini, LiteLLM, OpenRouter, Azure, Mistral, DeepSeek, a retired one
    (404, {"object": "error", "message": "The model `x` does not exist.", "code": 404}),
    (404, {"error": {"message": 'model "x" not found, try pulling it first'}}),
    (404, [{"error": {"code": 404, "message": "models/x is not found for API version v1main"}}]),
    (400, {"error": {"message": "Invalid model name passed in model=x. Call `/v1/models`"}}),
    (400, {"error": {"message": "x is not a valid model ID", "code": 400}}),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment is missing."}}),
    (400, {"message": "Invalid model: x", "type": "invalid_model", "code": "1500"}),
    (400, {"error": {"message": "Model Not Exist", "type": "invalid_request_error"}}),
    (410, {"error": {"message": "The model `x` has been retired."}}),
]
OTHERS = [
    (404, {"detail": "Not Found"}),
    (404, "404 page not found"),
    (
        400,
        {"error": {"message": "'top_p' is not supported with this model."}},
    ),
    (400, {"error": {"message": "Invalid image."}}),
    (400, {"error": {"message": "This model's maximum context length is 8192 tokens."}}),
    (500, {"error": {"message": "The model `x` does not exist"}}),
    (429, {"error": {"message": "Rate limit reached for model x", "code": "rate_limit_exceeded"}}),
]


@pytest.mark.parametrize(("status", "body"), UNKNOWN)
def test_the_model_is_missing(status, body):
    assert is_unknown_model(status, words_of(body))


@pytest.mark.parametrize(("status", "body"), OTHERS)
def test_something_else_is_wrong(status, body):
    assert not is_unknown_model(status, words_of(body))
