#!/usr/bin/env python3
"""Measures Switchboard, nginx and Node side by side; see bench/README.md, and --help for the options."""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import proxies
import report

HERE = os.path.dirname(os.path.abspath(__file__))
FILES_WANTED = 20000  # 9,000 streams are 18,000 sockets in a proxy


@dataclass
class Case:
    number: int
    title: str
    model: str
    load: list
    window: float
    streams: int = 0
    rate: int = 0  # events a second that held streams make together
    repeats: int = 3
    node_repeats: int = 2
    quick_window: float = 2.0
    node_load: list = field(default_factory=list)


CASES = [
    Case(1, "64 connections as fast as they go, 200 deltas a stream", "fast-200",
         ["--connections", "64"], window=4),
    Case(2, "1,000 streams at one event per 20 ms", "held-20ms",
         ["--streams", "1000"], window=4, streams=1000, rate=50000),
    Case(3, "9,000 streams held at one event per 200 ms", "held-200ms",
         ["--streams", "9000", "--ramp", "4000", "--ramp-pending", "128"], window=5,
         streams=9000, rate=45000, node_repeats=1),
    Case(4, "short requests without streaming, 64 connections", "fast-20",
         ["--connections", "64", "--whole"], window=4),
    Case(5, "one stream of 20 deltas at a time: what a proxy adds when idle", "fast-20",
         ["--connections", "1"], window=2, repeats=2, quick_window=1),
]
PROBE_MODEL = "fast-8"


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="switchboard-bench-")
        self.remarks = []
        self.runs = 0
        cpus = sorted(os.sched_getaffinity(0))
        self.proxy_cpu, self.load_cpu = cpus[0], cpus[-1]
        if len(cpus) < 2:
            self.remarks.append("only one processor: proxy and load share it, do not trust the figures")

    def program(self, name):
        path = os.path.join(self.options.build, "bench", name)
        if not os.path.exists(path):
            sys.exit(f"bench: {path} is not built; script/bench builds it")
        return path

    def spawn(self, command, cpu=None, **more):
        cpu = self.proxy_cpu if cpu is None else cpu

        def prepare():
            os.sched_setaffinity(0, {cpu})
            try:
                os.setpriority(os.PRIO_PROCESS, 0, -15)  # other work disturbs less
            except OSError:
                pass

        return subprocess.Popen(command, preexec_fn=prepare, stdin=subprocess.DEVNULL, **more)

    def start_mock(self):
        mock = self.spawn([self.program("bench_mock_upstream")], self.load_cpu,
                          stdout=subprocess.PIPE, text=True)
        line = mock.stdout.readline().split()
        if len(line) != 2:
            sys.exit("bench: the mock upstream does not start")
        return mock, int(line[1])

    def load(self, case, upstream, proxy):
        quick = self.options.quick
        command = [self.program("bench_load"), "--control", str(upstream),
                   "--target", str(proxy.port if proxy else upstream),
                   "--model", case.model, "--probe-model", PROBE_MODEL, *case.load,
                   "--warmup", "0.5" if quick else "1",
                   "--window", str(case.quick_window if quick else case.window),
                   "--probe-seconds", "1.5" if quick else "2.5"]
        if proxy:
            for pid in proxy.pids:
                command += ["--pid", str(pid)]
            for line in proxy.headers:
                command += ["--header", line]
        run = self.spawn(command, self.load_cpu, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
        try:
            output, errors = run.communicate(timeout=300)
        finally:
            if run.poll() is None:
                run.kill()
                run.wait()
        if run.returncode != 0:
            raise proxies.Unready(f"the load generator failed: {errors.strip()}"
                                  f" {proxy.tail() if proxy else ''}")
        return json.loads(output)

    def measure(self, case, kind):
        """One run against a proxy started for it; `kind` None asks the mock directly."""
        self.runs += 1
        mock, upstream = self.start_mock()
        proxy = None
        try:
            if kind:
                models = sorted({other.model for other in CASES} | {PROBE_MODEL})
                proxy = kind(os.path.join(self.folder, f"{self.runs}-{kind.name}"), upstream,
                             models, self.spawn)
            result = self.load(case, upstream, proxy)
        finally:
            if proxy:
                remark = proxy.stop()
                if remark:
                    self.remarks.append(f"case {case.number}: {remark}")
            mock.terminate()
            mock.wait()
        return result

    def repeats(self, case, name):
        if self.options.quick:
            return 1
        return self.options.repeat or (case.node_repeats if name == "node" else case.repeats)

    def run_case(self, case, kinds):
        """Results of each proxy by name, a list each; the proxies take turns."""
        results = {"direct": [self.measure(case, None)]}
        most = max(self.repeats(case, kind.name) for kind in kinds)
        for turn in range(most):
            for kind in kinds:
                if turn >= self.repeats(case, kind.name):
                    continue
                self.say(f"case {case.number}, {kind.name}, {turn + 1} of "
                         f"{self.repeats(case, kind.name)}")
                try:
                    results.setdefault(kind.name, []).append(self.measure(case, kind))
                except proxies.Unready as error:
                    self.remarks.append(f"case {case.number}: NOT MEASURED: {error}")
        return results

    def say(self, text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif self.options.verbose:
            print(text, file=sys.stderr, flush=True)

    def finish(self):
        self.say("")
        if self.options.keep:
            print(f"logs and configurations: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def raise_file_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES_WANTED:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_WANTED, FILES_WANTED))
            return
        except (OSError, ValueError):
            sys.exit(f"bench: the hard limit of open files is {hard}, {FILES_WANTED} are needed "
                     f"(ulimit -Hn)")
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def read_options():
    parser = argparse.ArgumentParser(description="Measures Switchboard, nginx and Node side by side.")
    parser.add_argument("--quick", action="store_true", help="about a minute: shorter, once each")
    parser.add_argument("--case", type=int, action="append", choices=[c.number for c in CASES],
                        help="only this case; may be repeated")
    parser.add_argument("--only", default="switchboard,nginx,node", help="proxies, comma-separated")
    parser.add_argument("--repeat", type=int, help="runs of each proxy in each case")
    parser.add_argument("--write", action="store_true", help="write the tables into bench/README.md")
    parser.add_argument("--json", metavar="FILE", help="write all single results to this file")
    parser.add_argument("--keep", action="store_true", help="keep the proxies' logs and databases")
    parser.add_argument("--verbose", action="store_true", help="say what is running")
    parser.add_argument("--build", default="build", help="build directory (build)")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.only = options.only.split(",")
    for name in options.only:
        if name not in proxies.KINDS:
            parser.error(f"no proxy is called {name}: {', '.join(proxies.KINDS)}")
    return options


def main():
    options = read_options()
    raise_file_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))
    proxies.Switchboard.binary = os.path.join(options.build, "switchboard")
    bench = Bench(options)
    kinds = [proxies.KINDS[name] for name in options.only]
    start = time.monotonic()
    everything = {}
    tables = []
    try:
        for case in CASES:
            if options.case and case.number not in options.case:
                continue
            results = bench.run_case(case, kinds)
            everything[case.number] = results
            table = report.case_table(case, results)
            bench.say("")
            print(table, flush=True)
            tables.append(table)
    finally:
        bench.finish()
    verdict, holds = report.verdict(everything, bench.remarks)
    print(verdict)
    print(f"({time.monotonic() - start:.0f} s)")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(everything, file, indent=1)
    if options.write:
        report.write(os.path.join(HERE, "README.md"), "\n".join([*tables, verdict]))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
