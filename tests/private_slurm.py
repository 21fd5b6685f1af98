"""A private Slurm of two virtual nodes on this machine, for tests: loopback only, no systemd, no
cgroups, no database.

Everything lies under one folder and every process carries that folder's name in its environment, so
that `stop` can end exactly what `start` began, jobs that outlived their daemons included. Needs
root: two daemons of one machine tell their nodes apart by host name, which takes a namespace of its
own, and fake GPUs are device files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
PACKAGES = "slurmctld slurmd slurm-client munge"
MARK = "EIGENSCAPE_PRIVATE_SLURM"
"""Environment variable that every process of a private cluster inherits."""

CLIENTS = ("sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
ACCOUNTS = ("physics", "chemistry")
"""What the stand-in for the accounting database answers; the database itself (slurmdbd with
MariaDB) is not started."""

CPUS, MEMORY_MB, GPUS = 6, 60_000, 2
"""Of each node, whatever this machine has: Slurm is told to believe it (config_overrides)."""

CONFIGURATION = """
ClusterName=private
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
# A requeued job waits until its old credential has expired; the default is two minutes.
AuthInfo=socket={root}/munge/sock,cred_expire=10
SlurmUser=root
SlurmdUser=root
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
SlurmdParameters=config_overrides
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=pmi2
KillWait=5
MinJobAge=600
FirstJobId={first_job}
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
AccountingStoreFlags=job_comment
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
GresTypes=gpu
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port_1} \
CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port_2} \
CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=spare Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


def missing() -> str | None:
    """Why no private cluster can be started here, or None."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return (
            f"{', '.join(absent)} not installed: apt-get install -y --no-install-recommends"
            f" {PACKAGES}"
        )
    if os.geteuid() != 0:
        return (
            "not root, which a private Slurm needs for the host names of its nodes and its fake"
            " GPUs"
        )
    return None


class PrivateSlurm:
    """One private cluster.

    Args:
        root: its folder; a short path, since a socket lies in it.
        port: of slurmctld; the two after it are those of the nodes.
    """

    def __init__(self, root: Path, port: int = 16817) -> None:
        self.root, self.port = root, port
        self.bin = root / "bin"
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._up = False

    @property
    def environment(self) -> dict[str, str]:
        """With the clients of this cluster first on PATH; without settings of a cluster that the
        tests themselves run on.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SLURM_", "SBATCH_", "SRUN_", "EIGENSCAPE_"))
        }
        return {**kept, "PATH": f"{self.bin}:{kept['PATH']}", MARK: str(self.root)}

    def start(self) -> None:
        """Start the daemons and wait for both nodes."""
        for folder in ("state", "log", "dev", "bin", "munge", "spool/node1", "spool/node2"):
            (self.root / folder).mkdir(parents=True)
        for folder in (self.root, self.root / "munge"):
            folder.chmod(0o711)  # munged insists that everyone can reach its socket
        key = self.root / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        for number in range(GPUS):
            device = self.root / "dev" / f"fakegpu{number}"
            # the null device
            subprocess.run(["mknod", "-m", "666", str(device), "c", "1", "3"], check=True)
        configuration = self.root / "slurm.conf"
        host = os.uname().nodename.split(".")[0]
        ports = {"port": self.port, "port_1": self.port + 1, "port_2": self.port + 2}
        # MPICH names its shared memory by the job: what killed ranks of an earlier cluster left
        # there must not be met again.
        ports["first_job"] = 1000 + os.getpid() % 60_000 * 100
        configuration.write_text(
            CONFIGURATION.format(
                root=self.root, host=host, cpus=CPUS, memory=MEMORY_MB, gpus=GPUS, **ports
            )
        )
        (self.root / "gres.conf").write_text(
            f"Name=gpu File={self.root}/dev/fakegpu[0-{GPUS - 1}]\n"
        )
        self._write_clients(configuration)
        munge = self.root / "munge"
        files = [
            f"--{name}-file={munge / file}"
            for name, file in (("key", "key"), ("pid", "pid"), ("log", "log"), ("seed", "seed"))
        ]
        self._daemon("munged", "--foreground", f"--socket={munge / 'sock'}", *files)
        self._wait((munge / "sock").exists, "munged's socket")
        self._daemon("slurmctld", "-D", "-c", "-f", str(configuration))
        for node in ("node1", "node2"):
            self._daemon(
                "unshare",
                "--uts",
                "sh",
                "-c",
                f"hostname {node} && exec slurmd -D -N {node} -f {configuration}",
            )
        self._wait(
            lambda: (
                self.run("sinfo", "-h", "-N", "-p", "main", "-o", "%T", check=False).split()
                == ["idle", "idle"]
            ),
            "two idle nodes",
        )
        self._up = True

    def _write_clients(self, configuration: Path) -> None:
        """Clients that know this cluster: the plugin for Snakemake removes SLURM_CONF from the
        environment of its jobs.
        """
        for client in CLIENTS:
            program = self.bin / client
            program.write_text(
                f'#!/bin/sh\nSLURM_CONF={configuration} exec {shutil.which(client)} "$@"\n'
            )
        accounts = "\\n".join(ACCOUNTS)
        (self.bin / "sacctmgr").write_text(f"#!/bin/sh\nprintf '{accounts}\\n'\n")
        # no accounting here; Debian's would ask the daemon named by its own file
        (self.bin / "sacct").write_text("#!/bin/sh\nexit 1\n")
        for program in self.bin.iterdir():
            program.chmod(0o755)

    def _daemon(self, *command: str) -> None:
        with (self.root / "log" / f"{command[0]}.{len(self._daemons)}.out").open("wb") as output:
            environment = {**self.environment, "SLURM_CONF": str(self.root / "slurm.conf")}
            # Where the tests are killed, the daemons end with them.
            command = ("setpriv", "--pdeathsig", "TERM", *command)
            self._daemons.append(
                subprocess.Popen(
                    command, env=environment, stdout=output, stderr=output, start_new_session=True
                )
            )

    def _wait(self, condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"private Slurm: no {what} after {seconds:.0f} s; see {self.root}/log"
                )
            time.sleep(0.1)

    def run(self, *command: str, check: bool = True) -> str:
        """What a client prints."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=120, check=check
        ).stdout

    def job(self, number: str) -> dict[str, str]:
        """What Slurm knows of a job."""
        words = self.run("scontrol", "show", "job", "-o", number).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def jobs(self, *states: str) -> dict[str, str]:
        """Numbers of jobs with the comments that Snakemake gives them (``rule_<name>_...``); an
        array's tasks apart.
        """
        lines = self.run(
            "squeue", "-h", "-r", "-t", ",".join(states) or "all", "-o", "%i %k"
        ).splitlines()
        return dict(line.split(maxsplit=1) for line in lines)

    def stop(self) -> None:
        """Cancel all jobs and end every process of this cluster."""
        if self._up:
            self.run("scancel", "--user", "root", check=False)
            deadline = time.monotonic() + 10
            while self.run("squeue", "-h", check=False).strip() and time.monotonic() < deadline:
                time.sleep(0.2)
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in self._daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for process in self.processes():
            process.kill()

    def processes(self) -> list[psutil.Process]:
        """Every process that runs in this cluster's environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.root):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found
