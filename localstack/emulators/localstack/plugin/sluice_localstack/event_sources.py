"""Polls queues as Lambda does: with long polling, and for several concurrent invocations."""

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.event_source_mapping.pollers.poller import EmptyPollResultsException
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.utils.threads import start_thread

# Lambda waits for up to 20 seconds. For this time, a mapping that was disabled may still receive messages.
WAIT_SECONDS = 1
DEFAULT_CONCURRENCY = 2


def poll_like_lambda():
    _wait_for_messages()
    _poll_for_several_invocations()


def _wait_for_messages():
    """LocalStack polls a queue without a batching window without waiting, and after an empty answer pauses
    for a second."""
    initialise, poll = SqsPoller.__init__, SqsPoller.poll_events

    def initialise_with_wait(poller, *arguments, **options):
        initialise(poller, *arguments, **options)
        poller.maximum_batching_window = max(poller.maximum_batching_window, WAIT_SECONDS)

    def poll_again_at_once(poller):
        try:
            poll(poller)
        except EmptyPollResultsException:
            pass

    SqsPoller.__init__, SqsPoller.poll_events = initialise_with_wait, poll_again_at_once


def _poll_for_several_invocations():
    """LocalStack processes one batch after the other and ignores MaximumConcurrency."""
    start, stop = EsmWorker.start, EsmWorker.stop

    def start_pollers(worker):
        start(worker)
        concurrency = worker.esm_config.get("ScalingConfig", {}).get("MaximumConcurrency", DEFAULT_CONCURRENCY)
        further = [start_thread(lambda *_: _poll(worker)) for _ in range(concurrency - 1)]
        worker.sluice_pollers = [worker._poller_thread, *further]

    def stop_pollers(worker):
        stop(worker)
        # A disabled mapping receives no more messages. Its running invocations are not awaited.
        for poller in getattr(worker, "sluice_pollers", []):
            poller.join(2 * WAIT_SECONDS)

    EsmWorker.start, EsmWorker.stop = start_pollers, stop_pollers


def _poll(worker):
    while not worker._shutdown_event.is_set():
        try:
            worker.poller.poll_events()
        except Exception:
            # LocalStack's own thread gets the same error and reports it.
            worker._shutdown_event.wait(WAIT_SECONDS)
