"""The keeper: relays the outbox, keeps rollups true to the readings, and clears away what is too old."""

from stream.keeper.process import KeeperConfig, run_keeper

__all__ = ["KeeperConfig", "run_keeper"]
