"""Ends of streams."""

from dataclasses import dataclass


@dataclass(frozen=True)
class End:
    """One end of a stream: a port of a piece of equipment, written `R-101.feed`.

    `port` is empty where the file leaves it out, which it may when only one port fits.
    """

    equipment: str
    port: str = ""

    @classmethod
    def parse(cls, text: str) -> "End":
        """Read `R-101.feed` or `R-101`; a port's name holds no dot, so the last one parts the two."""
        equipment, dot, port = text.rpartition(".")
        return cls(equipment, port) if dot else cls(port)

    def __str__(self) -> str:
        return f"{self.equipment}.{self.port}" if self.port else self.equipment
