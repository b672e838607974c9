import io
import json
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

from sluice_localstack.runtime import Runtime, StartFailure
from sluice_localstack.runtime_api import Invocation

BOOTSTRAP = pathlib.Path(__file__).with_name("bootstrap.py")


class Runtimes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        shutil.copy(BOOTSTRAP, f"{self.folder.name}/bootstrap")
        self.log = io.BytesIO()

    def tearDown(self):
        self.folder.cleanup()

    def runtime(self, **variables):
        path = str(pathlib.Path(sys.executable).parent) + ":/usr/bin:/bin"
        runtime = Runtime(self.folder.name, {"PATH": path, **variables}, "function: ", self.log)
        self.addCleanup(runtime.stop)
        return runtime

    def ready(self):
        runtime = self.runtime()
        runtime.wait_until_ready()
        return runtime

    def until(self, look):
        """Waits until `look` returns something, at most a minute."""
        deadline = time.time() + 60
        while not (found := look()) and time.time() < deadline:
            time.sleep(0.01)
        return found

    def invoke(self, runtime, order, seconds=60):
        deadline = int((time.time() + seconds) * 1000)
        answer = runtime.invoke(Invocation("id", "arn", "trace", deadline, json.dumps(order).encode()))
        return answer.failed, json.loads(answer.payload)

    def test_one_process_answers_again_and_again(self):
        runtime = self.ready()
        failed, first = self.invoke(runtime, "answer")
        self.assertFalse(failed)
        failed, second = self.invoke(runtime, "fail")
        self.assertTrue(failed)
        self.assertEqual(first["pid"], second["pid"])

    def test_it_sees_only_its_own_environment(self):
        _, answer = self.invoke(self.ready(), "answer")
        variables = set(answer["variables"]) - {"LC_CTYPE"}
        self.assertEqual(variables, {"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "PATH"})

    def test_its_output_is_copied_to_the_log_and_kept(self):
        runtime = self.ready()
        self.invoke(runtime, "answer")
        # The answer may overtake the output.
        self.assertEqual(self.until(runtime.take_lines), "told to answer\n")
        self.assertEqual(runtime.take_lines(), "")
        self.assertEqual(self.log.getvalue(), b"function: told to answer\n")

    def test_an_exit_is_reported(self):
        runtime = self.ready()
        failed, answer = self.invoke(runtime, "exit")
        self.assertTrue(failed)
        self.assertEqual(answer["errorType"], "Runtime.ExitError")
        self.assertIn("exit status 7", answer["errorMessage"])
        self.assertFalse(runtime.alive)

    def test_an_invocation_that_takes_too_long_ends_the_process(self):
        runtime = self.ready()
        failed, answer = self.invoke(runtime, "sleep", seconds=0.5)
        self.assertTrue(failed)
        self.assertEqual(answer["errorType"], "Sandbox.Timedout")
        self.assertRegex(answer["errorMessage"], r"timed out after 0\.\d\d seconds")
        self.assertTrue(self.until(lambda: not runtime.alive))

    def test_a_failed_start_says_why(self):
        with self.assertRaisesRegex(StartFailure, "not today"):
            self.runtime(FAIL_AT_START="1").wait_until_ready()
        with self.assertRaisesRegex(StartFailure, "exit status 3"):
            self.runtime(EXIT_AT_START="1").wait_until_ready()
