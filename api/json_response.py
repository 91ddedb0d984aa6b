"""JSON by orjson, for answers that are large or frequent."""

from typing import Any

import orjson
from starlette.responses import Response


class JsonResponse(Response):
    """An answer of plain Python values; numbers that JSON cannot hold become null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content's bytes."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
