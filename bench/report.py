"""Turns results into tables, and holds them against the targets."""

import datetime
import os
import platform
import re
import statistics
import subprocess

BEGIN, END = "<!-- begin of what script/bench --write wrote -->", "<!-- end of it -->"

# At most so many times nginx's CPU time per event, by case.
NGINX_TARGETS = {1: 1.3, 2: 1.6, 3: 1.8}
NODE_TARGET = 0.25
KIB_TARGET = 24
# Below this part of the asked rate, a proxy is said to be behind.
BEHIND = 0.97


def errors_of(runs):
    return sum(sum(run["errors"].values()) for run in runs)


def cpu_per_event(run):
    return run["cpu_us"] / run["texts"] if run["texts"] else None


def cpu_per_request(run):
    return run["cpu_us"] / run["answers"] if run["answers"] else None


def kib_per_stream(run):
    return (run["pss_held_kib"] - run["pss_before_kib"]) / run["held"] if run["held"] else None


def unit_cost(case):
    """What a case is judged by: events where it streams, else requests."""
    return cpu_per_request if case.number == 4 else cpu_per_event


def median(runs, figure):
    values = [value for value in map(figure, runs) if value is not None]
    return statistics.median(values) if values else None


def spread(runs, figure):
    """How far the runs are apart, in percent of their median."""
    values = [value for value in map(figure, runs) if value is not None]
    if len(values) < 2 or not statistics.median(values):
        return None
    return 100 * (max(values) - min(values)) / statistics.median(values)


def first_text(runs, quantile):
    return median(runs, lambda run: run["first_text_us"][quantile])


def text(value, digits=1, unit=""):
    return "-" if value is None else f"{value:,.{digits}f}{unit}"


def milliseconds(us):
    return "-" if us is None else f"{us / 1000:,.2f}"


def ratio(results, case, name, other):
    """How many times another's cost a proxy's is, under the same load, which the name tells after a comma.

    Runs take turns, so each is held against the one beside it: what slows the machine for a while slows both."""
    other += name.partition(",")[1] + name.partition(",")[2]
    mine, others = ([unit_cost(case)(run) for run in results.get(who, [])] for who in (name, other))
    pairs = [a / b for a, b in zip(mine, others) if a and b]
    return statistics.median(pairs) if pairs and name != other else None


def streams_of(case, name):
    return case.fewer if "," in name else case.streams


def row(case, name, runs, results):
    cost = unit_cost(case)
    per_s = median(runs, lambda run: run["texts" if case.number != 4 else "answers"] / run["window_s"])
    direct = results["direct"]
    ended = [run for run in runs if run["first_text_us"]["count"]]

    def added(quantile):
        return first_text(ended, quantile) - first_text(direct, quantile) if ended else None

    busy = median(runs, lambda run: run["cpu_us"] / run["window_s"] / 1e4)
    far = spread(runs, cost)
    return [
        name,
        text(per_s, 0),
        text(median(runs, cpu_per_event) if case.number != 4 else None, 2),
        text(median(runs, cpu_per_request) if not case.streams else None, 1),
        milliseconds(added("median")),
        milliseconds(added("p99")),
        text(median(runs, kib_per_stream) if case.streams else None, 1),
        text(busy, 0, " %"),
        *(text(ratio(results, case, name, other), 2) for other in compared(case)),
        "-" if far is None else f"{far:.1f} %",
        str(errors_of(runs)),
    ]


def compared(case):
    """Whom the rows of a case are held against, by name, each with its heading."""
    return {"switchboard": "× OpenAI"} if case.vendors else {"nginx": "× nginx", "node": "× Node"}


def headings(case):
    return ["", "per second", "µs/event", "µs/request", "first text +ms", "p99 +ms", "KiB/stream",
            "busy", *compared(case).values(), "spread", "errors"]


def markdown(heads, rows):
    widths = [max(len(line[i]) for line in [heads, *rows]) for i in range(len(heads))]
    lines = ["| " + " | ".join(cell.rjust(width) if i else cell.ljust(width)
                               for i, (cell, width) in enumerate(zip(line, widths))) + " |"
             for line in [heads, *rows]]
    rule = "|" + "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def remarks_of(case, name, runs):
    for run in runs:
        if run["first_error"]:
            yield f"{name}: {run['errors']}, the first: {run['first_error']}"
            break
    streams = streams_of(case, name)
    if streams and name != "direct":
        held = min(run["held"] for run in runs)
        if held < streams:
            yield f"{name} held only {held:,} of {streams:,} streams"
        rate = median(runs, lambda run: run["texts"] / run["window_s"])
        wanted = held * 1000 / case.period_ms
        if rate < BEHIND * wanted:
            yield f"{name} falls behind: {rate:,.0f} of {wanted:,.0f} events/s, so it relays them in lumps"
    merged = sum(run["texts"] - run["events"] for run in runs) if case.number != 4 else 0
    if merged:
        yield f"{name} merged {merged:,} deltas into others; an event is what the mock sent"
    others = median(runs, lambda run: run["others_us"] / run["window_s"] / 1e4)
    if others > 5 and name != "direct":
        yield f"{name}: others had {others:.0f} % of its processor; is the machine quiet?"
    late = max((run["mock"] or {}).get("late_us", 0) for run in runs)
    if late > 20000:
        yield f"{name}: the mock was up to {late / 1000:.0f} ms late, the load's processor is too busy"


def case_table(case, results):
    if len(results) < 2:
        return f"### {case.number}. {case.title}\n\nNothing to measure.\n"
    rows = [row(case, name, runs, results) for name, runs in results.items() if name != "direct"]
    direct = results["direct"]
    lines = [f"### {case.number}. {case.title}", "", markdown(headings(case), rows), "",
             f"Without a proxy: first text after {milliseconds(first_text(direct, 'median'))} ms, "
             f"p99 {milliseconds(first_text(direct, 'p99'))} ms.", ""]
    for name, runs in results.items():
        lines += [f"- {remark}" for remark in remarks_of(case, name, runs)]
    return "\n".join(lines).rstrip() + "\n"


def check(label, value, limit, digits=2):
    holds = value is not None and value <= limit
    shown = "not measured" if value is None else f"{value:,.{digits}f}"
    return holds, f"| {label} | ≤ {limit:g} | {shown} | {'yes' if holds else '**NO**'} |"


def verdict(cases, everything, remarks):
    """The targets of issue 2 and whether they hold; those that cannot be judged are left out."""
    lines, all_hold = [], True

    def add(result):
        nonlocal all_hold
        all_hold = all_hold and result[0]
        lines.append(result[1])

    for number, results in everything.items():
        own = results.get("switchboard")
        if not own:
            continue
        case = next(case for case in cases if case.number == number)
        if number in NGINX_TARGETS and "nginx" in results:
            add(check(f"case {number}: CPU per event, × nginx",
                      ratio(results, case, "switchboard", "nginx"), NGINX_TARGETS[number]))
        if number <= 4 and "node" in results:
            what = "request" if number == 4 else "event"
            load = f", {case.fewer} streams" if case.fewer else ""
            add(check(f"case {number}: CPU per {what}, × Node{load}",
                      ratio(results, case, "switchboard" + load, "node"), NODE_TARGET))
        if number in (2, 3):
            add(check(f"case {number}: KiB per open stream", median(own, kib_per_stream), KIB_TARGET, 1))
        # Where all rows are Switchboard's, the errors of all count.
        judged = own if not case.vendors else [
            run for name, runs in results.items() if name != "direct" for run in runs]
        add(check(f"case {number}: errors", errors_of(judged), 0, 0))
    parts = []
    if lines:
        parts += ["### Targets", "", "| Switchboard | target | measured | holds |", "|---|---:|---:|---|",
                  *lines, ""]
    parts += [f"- {remark}" for remark in dict.fromkeys(remarks)]
    failed = any("NOT MEASURED" in remark for remark in remarks)
    return "\n".join(parts), all_hold and not failed


def machine():
    model = "?"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    versions = []
    for command in (["nginx", "-v"], ["node", "--version"]):
        try:
            made = subprocess.run(command, capture_output=True, text=True)
            versions.append((made.stdout + made.stderr).strip().replace("nginx version: ", ""))
        except OSError:
            continue
    return (f"{datetime.date.today()}, {model} ({os.cpu_count()} virtual processors), Linux "
            f"{platform.release().split('-')[0]}, {', '.join(versions).replace('v', 'Node.js ', 1)}")


def write(path, tables, begin=BEGIN, end=END):
    with open(path) as file:
        page = file.read()
    body = f"{begin}\n\n{machine()}\n\n{tables.strip()}\n\n{end}"
    page, count = re.subn(re.escape(begin) + ".*?" + re.escape(end), lambda _: body, page, flags=re.S)
    if count != 1:
        raise SystemExit(f"bench: {path} has no place for the tables")
    with open(path, "w") as file:
        file.write(page)
