"""Faust's Kafka transport with a short fetch wait.

Faust asks the broker to hold an empty fetch for 1.5 s and offers no setting. Apache Kafka answers as soon as there is
data, but the embedded broker holds the request for the whole time: readings reached the twin 0.7 s late on average
and 5 s at worst. With 0.1 s it is 0.1 s at worst (docs/adr/0004).
"""

from typing import Any, Final

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

FETCH_WAIT_MS: Final = 100


class _PromptConsumerThread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # The client hands this on to its fetcher when it starts, which is after this call.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - Faust hard-codes 1500 and takes no setting
        return consumer


class _PromptConsumer(Consumer):
    def _new_consumer_thread(self) -> _PromptConsumerThread:
        return _PromptConsumerThread(self, loop=self.loop, beacon=self.beacon)


class PromptTransport(Transport):
    """The driver's transport, whose consumers wait `FETCH_WAIT_MS` for new records."""

    Consumer = _PromptConsumer
