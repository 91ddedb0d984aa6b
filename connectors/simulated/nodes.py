"""Node ids, names and status codes of a simulated plant's server."""

from asyncua import ua

NAMESPACE = 2
"""Index of the plant's namespace; its nodes are `ns=2;s=<signal's name>`."""


def node_id(name: str) -> ua.NodeId:
    """The node id of a name in the plant's namespace."""
    return ua.NodeId(ua.String(name), ua.Int16(NAMESPACE))


def browse_name(name: str) -> ua.QualifiedName:
    """The browse name of a name in the plant's namespace."""
    return ua.QualifiedName(name, ua.UInt16(NAMESPACE))


def status_code(code: int) -> ua.StatusCode:
    """A status code from its number."""
    return ua.StatusCode(ua.UInt32(code))
