#!/usr/bin/env python3
"""Counts tokens with Switchboard and with three npm packages on one core, in turns; see bench/README.md, "Tokens"."""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile

import report

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- begin of what script/bench tokens --write wrote -->", "<!-- end of it -->"
PACKAGES = ["tiktoken", "gpt-tokenizer", "ai-tokenizer"]
WANTED = 8  # times the fastest package


def english():
    """The paragraphs of the licences that every Debian has."""
    folder = "/usr/share/common-licenses"
    texts = []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not os.path.islink(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                texts += [part for part in re.split(r"\n\s*\n", file.read()) if part.strip()]
    return texts


def mixed():
    """Sentences in 30 languages, one after the other; none where the corpora are not there."""
    folder = os.path.join(os.environ.get("SWITCHBOARD_SHARED", os.path.join(HERE, "../../shared")),
                          "corpora/language")
    if not os.path.isdir(folder):
        print(f"SKIPPED: mixed scripts: there is no {folder}")
        return []
    languages = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".sentences.txt"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                languages.append(file.read().splitlines())
    return [line for lines in zip(*languages) for line in lines if line]


def write_texts(texts, path):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.writelines(text.replace("\0", "") + "\0" for text in texts)
    return sum(len(text.encode()) for text in texts)


def run(command, core):
    made = subprocess.run(["taskset", "-c", str(core), *command], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"bench: {' '.join(command)}: {made.stderr.strip() or made.stdout.strip()}")
    tokens, first, again = made.stdout.split()
    return int(tokens), float(first), float(again)


def measure(options, texts, encoding):
    """Megabytes a second by counter: for texts it has not seen, and for the same once more."""
    with tempfile.TemporaryDirectory() as folder:
        warm, measured = os.path.join(folder, "warm"), os.path.join(folder, "measure")
        write_texts(texts[0::2], warm)
        size = write_texts(texts[1::2], measured)
        commands = {"Switchboard": [options.binary, encoding, warm, measured]}
        for name in PACKAGES:
            commands[name] = ["node", os.path.join(HERE, "node/tokens.mjs"), name, encoding, warm, measured]
        rates = {name: ([], []) for name in commands}
        counts = set()
        for _ in range(options.repeat):
            for name, command in commands.items():
                tokens, *times = run(command, options.core)
                counts.add(tokens)
                for rate, seconds in zip(rates[name], times):
                    rate.append(size / seconds / 1e6)
    if len(counts) != 1:
        sys.exit(f"bench: the counters differ: {sorted(counts)} tokens")
    return size, counts.pop(), {name: [statistics.median(rate) for rate in both] for name, both in rates.items()}


def table(title, size, tokens, rates):
    lines = [f"{title}: {size / 1e6:.2f} MB, {tokens} tokens", "",
             "| | new text, MB/s | the same again, MB/s |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {first:.1f} | {again:.1f} |" for name, (first, again) in rates.items()]
    ratios = [rates["Switchboard"][i] / max(rates[name][i] for name in PACKAGES) for i in range(2)]
    lines.append(f"| times the fastest package | {ratios[0]:.1f} | {ratios[1]:.1f} |")
    return "\n".join(lines), ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each counter (5)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the processor to use")
    parser.add_argument("--encoding", default="o200k_base", choices=["o200k_base", "cl100k_base"])
    parser.add_argument("--write", action="store_true", help="write the tables into bench/README.md")
    parser.add_argument("--build", default="build", help="build directory (build)")
    options = parser.parse_args()
    options.binary = os.path.join(os.path.abspath(options.build), "bench/bench_tokens")
    tables, least = [], float("inf")
    for title, texts in [("English (licences)", english()), ("Mixed scripts (30 languages)", mixed())]:
        if not texts:
            continue
        text, ratios = table(f"{title}, {options.encoding}", *measure(options, texts, options.encoding))
        print(text + "\n", flush=True)
        tables.append(text)
        least = min(least, ratios[0])
    if options.write:
        report.write(os.path.join(HERE, "README.md"), "\n\n".join(tables), BEGIN, END)
    if least < WANTED:
        print(f"bench: {least:.1f} times the fastest package, {WANTED} are wanted")
    return 0 if least >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
