"""Runs Lambda functions as processes of this machine instead of containers."""

import functools
import json
import os
import time

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .runtime import Runtime, StartFailure
from .runtime_api import Invocation

# The same as in Lambda's containers for provided.al2023.
BASE_ENVIRONMENT = {"LANG": "en_US.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin", "TZ": ":UTC"}
# Prefixes of variables that only LocalStack's containers need.
CONTAINER_VARIABLES = ("LOCALSTACK_", "EDGE_PORT", "AWS_XRAY_", "_AWS_XRAY_")


def function_environment(variables, further):
    """The environment of a function's process: its own variables, Lambda's, and the launcher's `further`
    ones."""
    kept = {name: str(value) for name, value in variables.items() if not name.startswith(CONTAINER_VARIABLES)}
    return {**BASE_ENVIRONMENT, **kept, **further}


@functools.cache
def functions_log():
    return open(os.environ["SLUICE_FUNCTIONS_LOG"], "ab", buffering=0)


@functools.cache
def further_variables():
    return json.loads(os.environ.get("SLUICE_FUNCTIONS_ENVIRONMENT", "{}"))


class NativeExecutor(RuntimeExecutor):
    """One execution environment. LocalStack starts another when all environments of a function are busy."""

    runtime = None
    environment = None

    def start(self, env_vars):
        self.environment = function_environment(env_vars, further_variables())
        self._start_runtime()

    def invoke(self, payload):
        # Like Lambda, restart a runtime that ended during its last invocation.
        if not self.runtime.alive:
            self._start_runtime()
        request_id, begun = payload["invoke-id"], time.time()
        invocation = Invocation(
            request_id=request_id,
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            deadline_ms=int((begun + self.function_version.config.timeout) * 1000),
            payload=payload["payload"].encode(),
        )
        answer = self.runtime.invoke(invocation)
        lines = (
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
            f"{self.runtime.take_lines()}END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {(time.time() - begun) * 1000:.2f} ms\n"
        )
        return InvocationResult(request_id, answer.payload, is_error=answer.failed, logs=lines)

    def stop(self):
        if self.runtime:
            self.runtime.stop()

    def get_logs(self):
        return self.runtime.take_lines() if self.runtime else ""

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return ""

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """Keeps the code: if only settings change, the function's next version runs from the same folder."""

    def _start_runtime(self):
        folder = self.function_version.config.code.get_unzipped_code_location()
        label = f"{self.function_version.id.function_name}: "
        self.runtime = Runtime(folder, self.environment, label, functions_log())
        try:
            self.runtime.wait_until_ready()
        except StartFailure as failure:
            raise StatusErrorException(str(failure), payload=failure.payload) from failure


class NativeExecutorPlugin(RuntimeExecutorPlugin):
    name = "native"

    def load(self, *_arguments, **_options):
        return NativeExecutor
