"""Starts moto for the tests, mended where it can't serve them as installed.

- Debian's ANTLR runtime is older than the generator of moto's grammar, whose tables it then refuses.
- The state machine's S3 reads go to S3_URL, the tests' real S3 server, instead of to moto's own S3.
- The client of a service is made once, instead of anew for each state of each item of a Map, and so is the list of moto's modules.
- Every Lambda function that is made in moto is invoked at LAMBDA_URL.
- A state machine is started again while it holds earlier executions, which moto can't copy.
- A time in an execution's context is written as AWS writes it, and one in an answer of Step Functions as seconds since 1970.
- A history is answered from the end that was asked for, and no longer than that; of map runs the newest is the first.
"""
import datetime
import functools
import importlib
import json
import os
import pkgutil
import sys
import threading
import urllib.request

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


def read_newer_antlr_tables():
    """Version 4 of ANTLR's serialized tables: plain integers, no UUID, one set table."""
    import antlr4.atn.ATNDeserializer as atn
    from antlr4.Recognizer import Recognizer

    if not hasattr(atn, "ADDED_UNICODE_SMP"):
        return

    def reset(self, data):
        self.data, self.pos = list(data), 0

    def check_version(self):
        version = self.readInt()
        if version != 4:
            raise ValueError(f"ANTLR tables of version {version}")

    def check_uuid(self):
        self.uuid = None

    atn.ATNDeserializer.reset = reset
    atn.ATNDeserializer.checkVersion = check_version
    atn.ATNDeserializer.checkUUID = check_uuid
    atn.ATNDeserializer.isFeatureSupported = lambda self, feature, actual: feature != atn.ADDED_UNICODE_SMP
    Recognizer.checkVersion = lambda self, version: None


def read_objects_from(url):
    import boto3
    import moto.stepfunctions.parser as parser
    import moto.stepfunctions.parser.asl.utils.boto_client as clients
    from botocore.config import Config

    original = clients.boto_client_for

    @functools.cache
    def kept(service, region):
        if service != "s3":
            return original(service=service, region=region)
        return boto3.client("s3", region_name=region, endpoint_url=url, config=Config(s3={"addressing_style": "path"}))

    making = threading.Lock()

    def client_for(region, service, state_credentials=None):
        with making:
            return kept(service, region)

    clients.boto_client_for = client_for
    # The modules that imported the function hold it by their own name.
    for module in pkgutil.walk_packages(parser.__path__, parser.__name__ + "."):
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:
            # Parts for services whose packages are not installed; the engine does not use them either.
            continue
        if getattr(loaded, "boto_client_for", None) is original:
            loaded.boto_client_for = client_for


def list_modules_once():
    import moto.backends as backends

    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules


def invoke_functions_at(url):
    import moto.awslambda.models as functions

    def invoke(self, event):
        request = urllib.request.Request(
            f"{url}/2015-03-31/functions/{self.function_name}/invocations",
            data=json.dumps(event).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=900) as answer:
            return answer.read().decode(), answer.headers.get("X-Amz-Function-Error") is not None, ""

    functions.LambdaFunction._invoke_lambda = invoke


def copy_state_machines_without_executions():
    import copy

    from moto.stepfunctions.models import StateMachine

    def without_executions(self, memo):
        clone = copy.copy(self)
        clone.executions = []
        return clone

    StateMachine.__deepcopy__ = without_executions


def write_times_as_aws_does():
    original = json.JSONEncoder.default

    def default(self, value):
        if isinstance(value, datetime.datetime):
            return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        return original(self, value)

    json.JSONEncoder.default = default


def answer_times_in_seconds():
    import types

    import moto.stepfunctions.responses as responses

    def seconds(value):
        if isinstance(value, dict):
            return {key: seconds_of(item) if key.endswith(("Date", "timestamp")) and isinstance(item, (str, datetime.datetime)) else seconds(item)
                    for key, item in value.items()}
        return [seconds(item) for item in value] if isinstance(value, list) else value

    def seconds_of(moment):
        if isinstance(moment, str):
            moment = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
        return moment.timestamp()

    responses.json = types.SimpleNamespace(loads=json.loads, dumps=lambda value, **options: json.dumps(seconds(value), **options))


def answer_the_page_that_is_asked_for():
    from moto.stepfunctions.responses import StepFunctionResponse as responses

    history, map_runs = responses.get_execution_history, responses.list_map_runs

    def get_execution_history(self):
        status, headers, answer = history(self)
        events = json.loads(answer)["events"]
        if self._get_param("reverseOrder"):
            events.reverse()
        return status, headers, json.dumps({"events": events[:self._get_int_param("maxResults") or len(events)]})

    def list_map_runs(self):
        status, headers, answer = map_runs(self)
        runs = json.loads(answer)["mapRuns"]
        return status, headers, json.dumps({"mapRuns": sorted(runs, key=lambda run: run["startDate"], reverse=True)})

    responses.get_execution_history, responses.list_map_runs = get_execution_history, list_map_runs


read_newer_antlr_tables()
read_objects_from(os.environ["S3_URL"])
list_modules_once()
invoke_functions_at(os.environ["LAMBDA_URL"])
copy_state_machines_without_executions()
write_times_as_aws_does()
answer_times_in_seconds()
answer_the_page_that_is_asked_for()

from moto.server import main  # noqa: E402

main(sys.argv[1:])
