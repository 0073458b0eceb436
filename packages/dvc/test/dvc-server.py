# Runs commands of DVC, each in a fork of a process that has imported it: a start takes a second.
import contextlib, io, json, os, sys, tempfile

import dvc.cli, dvc.repo, dvc.stage, dvc.output, dvc.parsing, dvc.repo.reproduce, dvc.repo.status
from dvc.cli.parser import get_main_parser

get_main_parser()
import dvc.commands.repro, dvc.commands.status, dvc.commands.stage, dvc.commands.init

for line in sys.stdin:
    request = json.loads(line)
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        child = os.fork()
        if child == 0:
            os.chdir(request["cwd"])
            os.environ.update(request["env"])
            os.environ["PWD"] = request["cwd"]
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8")
            sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), encoding="utf-8")
            code = 250
            with contextlib.suppress(SystemExit):
                code = dvc.cli.main(request["args"])
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code or 0)
        _, status = os.waitpid(child, 0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    answer = {"code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}
    print(json.dumps(answer), flush=True)
