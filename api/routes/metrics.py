"""The process's own figures for Prometheus; nothing of a plant is in them."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from api.guard import public
from api.routing import guarded_router

router = guarded_router("service")


@router.get("/metrics", response_class=Response, include_in_schema=False)
@public(loopback=True)
def tell_metrics() -> Response:
    """Counters and gauges; answered on this machine only."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
