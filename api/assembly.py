"""Puts routes, layers and services together into one ASGI application, over any backends."""

import contextlib
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from api import openapi, problems, refusals
from api.body_limit import BodyLimit
from api.response_headers import ResponseHeaders
from api.routes import ROUTERS
from api.services import Services

Lifespan = Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]


def assemble(services: Services, lifespan: Lifespan | None = None) -> FastAPI:
    """The application whose routes use `services`; `lifespan` opens and closes what stands behind them."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(services.config.dashboard_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID", "X-API-Key"],
        max_age=600,
    )
    limits = services.config.limits
    body_limit = Middleware(BodyLimit, most=limits.body_bytes, definition=limits.definition_bytes)
    app = FastAPI(
        title="Atlas Live",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        middleware=[Middleware(ResponseHeaders), cors, body_limit],
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    refusals.install(app)
    openapi.install(app, _release())
    return app


def _release() -> str:
    try:
        return version("atlas-live")
    except PackageNotFoundError:
        return "0"
