"""The parts of the supervisor: children, back-off, probes, logs, the state file and the lock of a data folder."""
