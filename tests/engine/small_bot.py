"""The smallest bot there can be, to be killed: it starts a fixed list of jobs and waits for all.

    python small_bot.py JOBS_ROOT PLAN.json

PLAN is a list of {id, argv, cwd}. It adopts what it finds, relaunches what is pending, starts what
is missing, three at a time, and prints one line of JSON for each job it saw running when it came.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from plotobot.engine.supervision.finding import State
from plotobot.engine.supervision.jobdir import Spec
from plotobot.engine.supervision.supervisor import Supervisor

AT_ONCE = 3


async def main(root: Path, plan: list[dict[str, Any]]) -> None:
    supervisor = Supervisor(root)
    slots = asyncio.Semaphore(AT_ONCE)
    found = {adopted.job_id: adopted.found for adopted in await supervisor.adopt()}
    for job_id, what in found.items():
        if what.state is State.RUNNING:
            print(json.dumps({"adopted": job_id}), flush=True)

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
            print(
                json.dumps({"ended": job["id"], "code": ended.code, "how": ended.how}), flush=True
            )

    await asyncio.gather(*map(see_to, plan))
    await supervisor.close()


asyncio.run(main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())))
