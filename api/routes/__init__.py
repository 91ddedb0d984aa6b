"""One file per resource; `ROUTERS` is everything that the API serves."""

from api.routes import (
    chain,
    connection,
    definitions,
    docs,
    estimate,
    graphic,
    health,
    history,
    live,
    metrics,
    optimisations,
    plants,
    portfolio_overview,
    portfolios,
    prices,
    readings,
    revisions,
    simulations,
    state,
    tickets,
    trace,
    whoami,
)

ROUTERS = tuple(
    module.router
    for module in (
        plants,
        definitions,
        revisions,
        prices,
        portfolios,
        portfolio_overview,
        state,
        history,
        live,
        readings,
        trace,
        estimate,
        simulations,
        optimisations,
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
