"""The application as it is served: it starts without Kafka and database, says so, and closes cleanly."""

import hashlib
import json
from pathlib import Path

import httpx

from api.app import create_app
from api.config import ApiConfig, TicketConfig
from stream.kafka import KafkaConfig
from stream.servers.ports import free_port
from stream.store.database import DatabaseConfig


async def test_api_starts_without_what_it_needs_and_says_what_is_missing(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    digest = hashlib.sha256(b"a-viewers-own-key").hexdigest()
    keys.write_text(json.dumps({"keys": [{"name": "v", "role": "viewer", "sha256": digest}]}))
    keys.chmod(0o600)
    nobody = f"127.0.0.1:{free_port()}"
    config = ApiConfig(
        KafkaConfig(nobody, request_timeout_ms=500),
        DatabaseConfig(f"postgresql://x@{nobody}/none", connect_timeout_s=1),
        keys,
        TicketConfig("b7a2f0f3c1d94e55a0c1"),
    )
    app = create_app(config)
    headers = {"X-API-Key": "a-viewers-own-key"}
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers, timeout=20) as client,
    ):
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["detail"]) == (503, "Missing: database, Kafka, live state.")
        assert (await client.get("/v1/plants")).json()["type"].endswith("#database-away")
        links = {link["name"]: link["ok"] for link in (await client.get("/v1/chain")).json()["links"]}
        assert (links["database"], links["Kafka"]) == (False, False)
