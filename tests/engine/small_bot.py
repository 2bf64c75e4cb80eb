"""The smallest bot there can be, to be killed: it starts a fixed list of jobs and waits for all.

    python small_bot.py JOBS_ROOT PLAN.json [again and again]

PLAN is a list of {id, argv, cwd}. It adopts what it finds, relaunches what is pending, starts what
is missing, three at a time, and prints one line of JSON for each job it saw running when it came.

With a third word it reads numbers: for each it lives for so many seconds in a fork, which spares
the time an interpreter takes to start, kills that with -9, and prints {"life": EXIT CODE}.
"""

import asyncio
import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any

from plotobot.engine.supervision.finding import State
from plotobot.engine.supervision.jobdir import Spec
from plotobot.engine.supervision.supervisor import Supervisor

AT_ONCE = 3


def say(record: dict[str, Any]) -> None:
    """In one write, so that no life ends within a line."""
    os.write(1, json.dumps(record).encode() + b"\n")


async def main(root: Path, plan: list[dict[str, Any]]) -> None:
    supervisor = Supervisor(root)
    slots = asyncio.Semaphore(AT_ONCE)
    found = {adopted.job_id: adopted.found for adopted in await supervisor.adopt()}
    for job_id, what in found.items():
        if what.state is State.RUNNING:
            say({"adopted": job_id})

    async def see_to(job: dict[str, Any]) -> None:
        async with slots:
            known = found.get(job["id"])
            if known is None:
                environment = {"PATH": os.environ["PATH"]}
                spec = Spec(tuple(job["argv"]), job["cwd"], environment)
                await supervisor.launch(job["id"], spec)
            elif known.state is State.PENDING:
                await supervisor.relaunch(job["id"])
            ended = await supervisor.wait(job["id"])
            say({"ended": job["id"], "code": ended.code, "how": ended.how})

    await asyncio.gather(*map(see_to, plan))
    await supervisor.close()


def lives(root: Path, plan: list[dict[str, Any]]) -> None:
    for line in sys.stdin:
        if (pid := os.fork()) == 0:
            asyncio.run(main(root, plan))
            os._exit(0)
        life = os.pidfd_open(pid)
        if not select.select([life], [], [], float(line))[0]:
            os.kill(pid, signal.SIGKILL)
        os.close(life)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        say({"life": code})


if __name__ == "__main__":
    jobs, wanted = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    lives(jobs, wanted) if sys.argv[3:] else asyncio.run(main(jobs, wanted))
