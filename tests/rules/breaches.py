"""How each rule of delivery can be broken by one edit, and the tests that must then fail.

`make rules` makes each edit in a copy of the tree and runs the tests named; one that passes then is no test of its
rule. `tests/architecture/test_rules.py` holds the list to the code.
"""

from typing import NamedTuple


class Breach(NamedTuple):
    """`path` with `sound` replaced by `broken` does what `done` says; each of `tests` must fail then."""

    rule: str
    done: str
    path: str
    sound: str
    broken: str
    tests: tuple[str, ...]


BREACHES = (
    Breach(
        "one-partition",
        "a batch in a partition that is not its plant's is taken",
        "stream/scan/admit.py",
        "if partition_of(table.content.number) != partition:",
        "if False:",
        ("tests/unit/scan/test_admit.py::test_one_partition_a_batch_in_a_strange_partition_is_refused",),
    ),
    Breach(
        "one-in-flight",
        "a batch that was seen is taken again",
        "stream/scan/marks.py",
        "if seq <= mark:",
        "if seq < mark:",
        (
            "tests/unit/scan/test_marks.py::test_one_in_flight_repeated_batches_are_dropped_whatever_is_sent_again",
            "tests/unit/scan/test_plant_twin.py::test_one_in_flight_a_batch_sent_twice_counts_once",
        ),
    ),
    Breach(
        "one-in-flight",
        "after an error the same producer goes on",
        "connectors/drain.py",
        "                await self._discard()\n                await asyncio.sleep(delay)",
        "                await asyncio.sleep(delay)",
        (
            "tests/integration/connectors/test_drain.py"
            "::test_one_in_flight_is_sent_again_by_a_new_producer_after_an_error",
        ),
    ),
    Breach(
        "stored-then-trimmed",
        "Kafka's word trims the spool",
        "connectors/drain.py",
        "drained.spool.advance(batch)",
        "drained.spool.advance(batch)\n                    drained.spool.trim(batch.epoch, batch.seq)",
        ("tests/integration/connectors/test_drain.py::test_stored_then_trimmed_only_a_stored_mark_frees_the_disk",),
    ),
    Breach(
        "log-may-vanish",
        "an offset that falls back is taken for the same log's",
        "connectors/drain.py",
        "if offset <= self._offset:",
        "if False:",
        (
            "tests/integration/connectors/test_drain.py"
            "::test_log_may_vanish_unnoticed_but_for_an_offset_that_falls_back",
        ),
    ),
    Breach(
        "log-may-vanish",
        "in a new log the spools are not walked from their beginning",
        "connectors/drain.py",
        "            drained.spool.rewind()",
        "            pass",
        (
            "tests/integration/connectors/test_drain.py"
            "::test_log_may_vanish_then_all_that_is_not_stored_is_sent_again_in_order",
        ),
    ),
    Breach(
        "log-may-vanish",
        "a batch that was meant for another log counts",
        "stream/historian/intake.py",
        'if log_named_by(record.headers) not in ("", self.tables.incarnation):',
        "if False:",
        (
            "tests/unit/historian/test_intake.py"
            "::test_log_may_vanish_a_batch_meant_for_another_log_does_not_drop_those_that_are_sent_again",
        ),
    ),
    Breach(
        "admit-once",
        "values keep the unit that they came in",
        "stream/scan/admit.py",
        "stored = values * table.scales[positions] + table.offsets[positions]",
        "stored = values.copy()",
        ("tests/unit/scan/test_admit.py::test_admit_once_values_come_in_the_stored_unit",),
    ),
    Breach(
        "admit-once",
        "one bad reading spoils its batch",
        "stream/scan/admit.py",
        "fit = known & timely & meaningful",
        "fit = known & timely & meaningful & timely.all()",
        ("tests/unit/scan/test_admit_properties.py::test_admit_once_decides_on_each_reading_alone",),
    ),
    Breach(
        "pure-twin",
        "the twin reads a clock",
        "stream/scan/plant_twin.py",
        "self.clock = max(self.clock, log_time)",
        'self.clock = __import__("time").time_ns() // 1000',
        (
            "tests/unit/scan/test_plant_twin.py::test_pure_twin_the_clock_never_goes_back",
            "tests/unit/scan/test_twin_properties.py"
            "::test_snapshot_and_replay_pure_twin_any_number_of_deaths_changes_no_byte",
        ),
    ),
    Breach(
        "pure-twin",
        "a control record that was sent again counts again",
        "stream/scan/controls.py",
        "if identity in self.identities:",
        "if False:",
        ("tests/unit/scan/test_controls.py::test_pure_twin_an_identity_counts_once",),
    ),
    Breach(
        "snapshot-and-replay",
        "a snapshot leaves a part of the state out",
        "stream/scan/snapshot.py",
        '"late": grid.late,',
        '"late": 0,',
        (
            "tests/unit/scan/test_twin_properties.py"
            "::test_snapshot_and_replay_pure_twin_any_number_of_deaths_changes_no_byte",
        ),
    ),
    Breach(
        "snapshot-and-replay",
        "a snapshot is saved before what it said is acknowledged",
        "stream/lane.py",
        "        await self.sender.flush()\n        self._saved",
        "        self._saved",
        (
            "tests/unit/stream/test_lane.py"
            "::test_snapshot_and_replay_a_state_is_saved_only_once_what_it_said_is_acknowledged",
        ),
    ),
    Breach(
        "snapshot-and-replay",
        "an older snapshot replaces a newer one",
        "stream/store/snapshots.py",
        "newest[1] >= offset",
        "newest[1] >= offset + 10**15",
        (
            "tests/integration/store/test_snapshots.py"
            "::test_snapshot_and_replay_an_older_state_never_replaces_a_newer_one",
        ),
    ),
    Breach(
        "named-outputs",
        "a record that was taken speaks again",
        "stream/scan/plant_twin.py",
        "if offset <= self.offset:",
        "if offset < self.offset:",
        ("tests/unit/scan/test_plant_twin.py::test_named_outputs_a_record_taken_before_says_nothing",),
    ),
    Breach(
        "named-outputs",
        "a failed send is passed over",
        "stream/output_sender.py",
        "        while self._pending:\n            await self._pending.popleft()",
        "        while self._pending:\n            await asyncio.wait([self._pending.popleft()])",
        ("tests/unit/stream/test_lane.py::test_named_outputs_a_failed_send_is_raised_and_nothing_is_saved",),
    ),
    Breach(
        "closed-scans",
        "scans close without their grace",
        "stream/scan/grid.py",
        "newest = (log_time - self.grace) // self.period * self.period",
        "newest = log_time // self.period * self.period",
        ("tests/unit/scan/test_grid.py::test_closed_scans_close_at_their_time_plus_the_grace_and_not_before",),
    ),
    Breach(
        "closed-scans",
        "a scan that was given out changes with later readings",
        "stream/scan/grid.py",
        "scans.append(Scan(time, self.values.copy(), self.quality.copy(), self.times.copy()))",
        "scans.append(Scan(time, self.values, self.quality, self.times))",
        ("tests/unit/scan/test_grid.py::test_closed_scans_given_out_are_not_changed_by_later_ones",),
    ),
    Breach(
        "tag-tables",
        "an unknown table is refused without waiting",
        "stream/tag_tables.py",
        "if self._patience(name) > 0:",
        "if False:",
        ("tests/unit/stream/test_tag_tables.py::test_tag_tables_an_unknown_table_is_waited_for",),
    ),
    Breach(
        "tag-tables",
        "a table's name does not depend on its content",
        "twin/atlas/tags.py",
        "hashlib.sha256(encoded)",
        'hashlib.sha256(b"")',
        (
            "tests/unit/atlas/test_tag_table.py::test_tag_tables_the_name_changes_with_the_content_and_not_with_the_order",
        ),
    ),
    Breach(
        "honest-times",
        "a time far ahead is believed",
        "stream/scan/admit.py",
        "AHEAD_US: Final = 60_000_000",
        "AHEAD_US: Final = 3_600_000_000",
        ("tests/unit/scan/test_admit.py::test_honest_times_a_reading_more_than_a_minute_ahead_is_quarantined",),
    ),
    Breach(
        "honest-times",
        "the server's time stands in without a flag",
        "connectors/opcua/convert.py",
        "return (received_us if server is None else server), SERVER_TIME_USED",
        "return (received_us if server is None else server), 0",
        (
            "tests/unit/connectors/test_opcua_convert.py"
            "::test_honest_times_the_servers_time_stands_in_for_a_missing_one_and_is_flagged",
        ),
    ),
    Breach(
        "one-row",
        "of equal versions the source's rank does not count",
        "stream/historian/one_row.py",
        "key=lambda one: (one.version, one.rank, content_hash(one.value, one.quality))",
        "key=lambda one: (one.version, content_hash(one.value, one.quality))",
        (
            "tests/unit/historian/test_one_row_winner.py"
            "::test_one_row_a_higher_version_beats_a_better_source_and_that_beats_the_hash",
        ),
    ),
    Breach(
        "one-row",
        "the table lets what comes first win",
        "stream/historian/one_row.py",
        "    await conn.execute(_CONTEST)",
        "    return",
        (
            "tests/integration/store/test_one_row.py"
            "::test_one_row_winners_and_losers_do_not_depend_on_the_order_of_arrival",
        ),
    ),
    Breach(
        "one-row",
        "a position moves from wherever it stands",
        "stream/historian/positions.py",
        '" AND p.incarnation = %(incarnation)s AND p.next_offset = m.expected",',
        '" AND p.incarnation = %(incarnation)s AND m.expected >= 0",',
        ("tests/integration/historian/test_crashes.py::test_one_row_a_position_moves_only_from_where_it_was_left",),
    ),
    Breach(
        "back-fill",
        "what comes late moves a newer live value",
        "stream/scan/live.py",
        "newer = np.flatnonzero(readings.times > live.times[readings.positions])",
        "newer = np.arange(len(readings.times))",
        (
            "tests/unit/scan/test_twin_properties.py"
            "::test_back_fill_one_in_flight_the_newest_reading_stands_whatever_came_in_which_order",
        ),
    ),
    Breach(
        "back-fill",
        "what comes late moves a newer last value in the table",
        "stream/historian/write.py",
        'b" WHERE excluded.ts >= last_reading.ts",',
        'b"",',
        ("tests/integration/historian/test_storing.py::test_back_fill_fills_gaps_and_moves_no_newer_live_value",),
    ),
    Breach(
        "outbox",
        "the relay asks for what lies above the last number sent",
        "stream/store/outbox.py",
        '" WHERE sent_at IS NULL ORDER BY id LIMIT %s",',
        '" WHERE id > (SELECT coalesce(max(id), 0) FROM outbox WHERE sent_at IS NOT NULL) ORDER BY id LIMIT %s",',
        ("tests/integration/store/test_keeper.py::test_outbox_a_late_commit_is_not_passed_over",),
    ),
    Breach(
        "outbox",
        "there may be two relays",
        "stream/store/outbox.py",
        "return bool(row and row[0])",
        "return True",
        ("tests/integration/store/test_keeper.py::test_outbox_there_is_one_relay",),
    ),
    Breach(
        "bad-row-not-dead-sink",
        "a fault of a row is waited out like one of the server",
        "stream/store/faults.py",
        "return state[:2] in SERVER_CLASSES or state in _DAMAGED",
        "return True",
        ("tests/unit/store/test_faults.py::test_bad_row_not_dead_sink_faults_of_a_row_are_not",),
    ),
    Breach(
        "bad-row-not-dead-sink",
        "a fault of the server is blamed on the rows",
        "stream/store/faults.py",
        '{"08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "F0"}',
        '{"25", "28", "3D", "3F", "42", "55", "F0"}',
        ("tests/unit/store/test_faults.py::test_bad_row_not_dead_sink_faults_of_the_server_are_waited_out",),
    ),
    Breach(
        "resumable-stream",
        "a stream that is taken up again leaves a change out",
        "api/change_ring.py",
        "return changes[found + 1 :]",
        "return changes[found + 2 :]",
        (
            "tests/unit/api/test_resumable_stream.py"
            "::test_resumable_stream_a_reader_ends_with_the_full_state_however_often_it_was_cut_off",
            "tests/unit/api/test_live_route.py::test_resumable_stream_goes_on_after_the_event_it_saw",
        ),
    ),
    Breach(
        "resumable-stream",
        "an expired id is answered with what is left",
        "api/change_ring.py",
        "        if found is None:\n            return None\n        changes",
        "        if found is None:\n            return list(self._changes)\n        changes",
        (
            "tests/unit/api/test_resumable_stream.py"
            "::test_resumable_stream_an_expired_or_unknown_id_gets_exactly_one_reset",
        ),
    ),
    Breach(
        "jobs-are-rows",
        "an attempt that lost its job writes its result",
        "stream/store/job_rows.py",
        "AND attempt = coalesce(%(attempt)s, attempt)",
        "",
        (
            "tests/integration/store/test_jobs.py"
            "::test_jobs_are_rows_whose_result_only_the_attempt_that_holds_the_lease_writes",
        ),
    ),
    Breach(
        "jobs-are-rows",
        "a request of the same identity makes a second job",
        "stream/store/job_rows.py",
        """        columns | {"at": at},""",
        """        columns | {"at": at, "identity": f"{request.identity} {at} {id(request)}"},""",
        ("tests/integration/store/test_jobs.py::test_jobs_are_rows_that_exist_once_per_identity",),
    ),
    Breach(
        "shed-in-order",
        "scheduled jobs are taken however far the live twins lag",
        "stream/jobs/runner.py",
        "and not self.lagging():",
        "and True:",
        (
            "tests/integration/jobs/test_runner.py"
            "::test_shed_in_order_scheduled_jobs_wait_first_when_the_live_twins_lag",
        ),
    ),
)
