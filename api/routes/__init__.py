"""One file per resource; `ROUTERS` is everything that the API serves."""

from api.routes import (
    chain,
    connection,
    docs,
    graphic,
    health,
    history,
    live,
    metrics,
    plants,
    readings,
    state,
    tickets,
    trace,
    whoami,
)

ROUTERS = tuple(
    module.router
    for module in (
        plants,
        state,
        history,
        live,
        readings,
        trace,
        graphic,
        connection,
        chain,
        tickets,
        whoami,
        health,
        metrics,
        docs,
    )
)
