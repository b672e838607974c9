"""Queues as Lambda's event sources, polled as on AWS: for a while at a time, and for several invocations at once."""

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmWorker
from localstack.services.lambda_.event_source_mapping.pollers.poller import EmptyPollResultsException
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import SqsPoller
from localstack.utils.threads import start_thread

# Lambda waits for up to twenty. This is also how long a mapping that is being disabled may still take messages.
WAIT_SECONDS = 1
# Of a mapping that does not say.
CONCURRENCY = 2


def poll_as_lambda_does():
    _wait_for_messages()
    _poll_for_several_invocations()


def _wait_for_messages():
    """A queue without a batching window is asked without waiting, and when it was empty not again for a second."""
    initialise, poll = SqsPoller.__init__, SqsPoller.poll_events

    def initialise_patient(poller, *arguments, **options):
        initialise(poller, *arguments, **options)
        poller.maximum_batching_window = max(poller.maximum_batching_window, WAIT_SECONDS)

    def poll_again_at_once(poller):
        try:
            poll(poller)
        except EmptyPollResultsException:
            pass

    SqsPoller.__init__, SqsPoller.poll_events = initialise_patient, poll_again_at_once


def _poll_for_several_invocations():
    """One batch is processed after the other, whatever MaximumConcurrency says."""
    start, stop = EsmWorker.start, EsmWorker.stop

    def start_pollers(worker):
        start(worker)
        concurrency = worker.esm_config.get("ScalingConfig", {}).get("MaximumConcurrency", CONCURRENCY)
        further = [start_thread(lambda *_: _poll(worker)) for _ in range(concurrency - 1)]
        worker.sluice_pollers = [worker._poller_thread, *further]

    def stop_pollers(worker):
        stop(worker)
        # Disabled means that no further message is taken. An invocation under way is not waited for.
        for poller in getattr(worker, "sluice_pollers", []):
            poller.join(2 * WAIT_SECONDS)

    EsmWorker.start, EsmWorker.stop = start_pollers, stop_pollers


def _poll(worker):
    while not worker._shutdown_event.is_set():
        try:
            worker.poller.poll_events()
        except Exception:
            # LocalStack's own thread meets the same error, and reports it.
            worker._shutdown_event.wait(WAIT_SECONDS)
