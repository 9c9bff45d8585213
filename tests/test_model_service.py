"""`--model provider:name`: a model behind an address, here an OpenAI-compatible server on the loopback interface."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .model_programs import GOOD, PRICE_DESK


class Server(ThreadingHTTPServer):
    """Answers every chat completion with the same text, or an error, and keeps the requests."""

    daemon_threads = True

    def __init__(self, text, status=200):
        super().__init__(("127.0.0.1", 0), Handler)
        self.text = text
        self.status = status
        self.requests = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        answer = {
            "id": "1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": body["model"],
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": self.server.text},
                }
            ],
            "usage": {"prompt_tokens": 1_200, "completion_tokens": 80, "total_tokens": 1_280},
        }
        data = json.dumps(
            answer if self.server.status == 200 else {"error": {"message": "\x1b[31mno such model"}}
        )
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data.encode())))
        self.end_headers()
        self.wfile.write(data.encode())

    def log_message(self, *_):
        pass


@pytest.fixture(autouse=True, scope="module")
def event_loop():
    """Keep the loop that the library would leave open, to be complained about in whichever test comes to collect it."""
    pytest.importorskip("pydantic_ai", reason="needs the extra `model`")
    pytest.importorskip("openai", reason="needs the extra `model`")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def serve():
    """Start servers that are stopped at the end of the test."""
    servers = []

    def start(text, status=200):
        server = Server(text, status)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def address(server):
    return {
        "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}/v1",
        "OPENAI_API_KEY": "none",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.mark.filterwarnings("ignore")
def test_a_model_with_an_openai_compatible_address_reads_a_record(run, write, serve):
    server = serve(json.dumps(GOOD))

    result = run(
        "extract",
        write("7.md", PRICE_DESK),
        "--model",
        "openai-chat:house-model",
        "--no-cache",
        environment=address(server),
    )

    ((path, body),) = server.requests
    assert (result.code, path, body["model"]) == (0, "/v1/chat/completions", "house-model")
    assert "We will use retrieval over the price list" in json.dumps(body["messages"])
    assert "volatility:\n    value: weekly" in result.out
    assert "1,200 tokens in and 80 out" in result.err


@pytest.mark.filterwarnings("ignore")
def test_what_a_service_refuses_is_told_in_a_line(run, write, serve):
    server = serve("", status=404)

    result = run(
        "extract",
        write("7.md", PRICE_DESK),
        "--model",
        "openai-chat:gone",
        "--no-cache",
        environment=address(server),
    )

    assert result.code == 2
    assert "gave no answer" in result.err
    assert "\x1b" not in result.err


@pytest.mark.filterwarnings("ignore")
def test_an_unknown_provider_is_an_error_of_the_user(run, write):
    result = run("extract", write("7.md", PRICE_DESK), "--model", "nobody:model", "--no-cache")

    assert result.code == 2
    assert "gave no answer" in result.err
