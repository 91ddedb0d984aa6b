"""Errors of the connectors; each message says what failed, on what, and what to do next.

ConnectorError              anything that a connector cannot do
|-- SourceOptionsError      options of a source that cannot be used
|-- SourceKindError         a source of a kind that nobody offers
|-- FieldLostError          the session with the field is gone; the source's own loop opens it again
|   `-- UntrustedServerError    the server is not who it should be, as far as we know; a person decides
|-- SpoolError              the spool's disk does not do what it is told
|   `-- SpoolFullError      no room; the caller waits or refuses
`-- MalformedPushError      a pushed message that cannot be forwarded; its text is the dead letter's reason

All of them may be shown to a person as they are.
"""

from twin.atlas.errors import AtlasError


class ConnectorError(AtlasError):
    """Anything that a connector cannot do."""


class SourceOptionsError(ConnectorError):
    """Options of a source that cannot be used."""


class SourceKindError(ConnectorError):
    """A source of a kind that nobody offers."""


class FieldLostError(ConnectorError):
    """The session with the field is gone."""


class UntrustedServerError(FieldLostError):
    """The server's certificate is not trusted, or not valid."""


class SpoolError(ConnectorError):
    """The spool's disk does not do what it is told."""


class SpoolFullError(SpoolError):
    """The spool has no room for a batch."""


class MalformedPushError(ConnectorError):
    """A pushed message that cannot be forwarded."""
