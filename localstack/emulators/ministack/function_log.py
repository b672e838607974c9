"""Copies the functions' output to a file while they run.

The emulator returns output only after an invocation, and then waits 50 ms for a first line. That slows down
every call of a function that writes nothing. With the file there is no need to wait.
"""

from ministack.core.lambda_runtime import ProvidedWorker


class CopiedLines:
    """A stream that copies each line to a log when it is read."""

    def __init__(self, stream, log, label):
        self.stream, self.log, self.label = stream, log, label

    def readline(self):
        line = self.stream.readline()
        if line:
            self.log.write(self.label + line)
        return line

    def close(self):
        self.stream.close()


def copy_to(path):
    log = open(path, "wb", buffering=0)
    pump = ProvidedWorker._pump_output

    def copying_pump(worker, stream, log_queue):
        label = f"{worker.func_name}: ".encode()
        pump(worker, CopiedLines(stream, log, label), log_queue)

    ProvidedWorker._pump_output = copying_pump
    ProvidedWorker._drain_stderr_bounded = lambda worker, **_waits: worker._drain_stderr()
