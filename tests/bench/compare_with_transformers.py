#!/usr/bin/env python3
"""Times a forward pass that keeps every attention map beside the reference implementation, in the same run.

    compare_with_transformers.py --build build/release [--tokens 128 512 1024] [--long 2048 4096] [--written 32 512]
                                 [--rounds 3]

First the start of the program: from its process's start until its window is drawn (offscreen, warm). Then it
makes a GPT-2-small-shaped folder, then for each length runs ours and Hugging Face transformers in turn, each in a
process of its own with the same number of threads, and prints medians and ratios. Short texts: every map kept, against
eager attention. Long texts: queries and keys kept, against sdpa, which has no maps at all. Written: 64 tokens after
so many, against greedy generate(). Needs torch and transformers (development only); with empty --tokens, --long and
--written, Python alone.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REFERENCE = """
import json, resource, sys, time
import torch
from transformers import AutoModelForCausalLM
folder, tokens, attention, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
torch.set_num_threads(threads)
model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32).eval()
ids = torch.tensor([[(i * 7919 + 13) % model.config.vocab_size for i in range(tokens)]])
maps = attention == "eager"
seconds = []
with torch.no_grad():
    for _ in range(3):
        start = time.perf_counter()
        # The base model: the head over all positions is no part of what is compared.
        output = model.transformer(ids, output_attentions=maps, use_cache=False)
        seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": sorted(seconds)[1], "best": min(seconds),
                  "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))
"""

WRITING = """
import json, resource, sys, time
import torch
from transformers import AutoModelForCausalLM
folder, tokens, attention, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
torch.set_num_threads(threads)
model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention, dtype=torch.float32).eval()
seconds = []
for repeat in range(3):
    ids = torch.tensor([[repeat] + [(i * 7919 + 13) % model.config.vocab_size for i in range(1, tokens)]])
    start = time.perf_counter()
    model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=64, min_new_tokens=64,
                   pad_token_id=0)
    seconds.append(time.perf_counter() - start)
print(json.dumps({"seconds": sorted(seconds)[1], "best": min(seconds),
                  "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))
"""


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:3]))}…: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def seconds_to_window(program, settings):
    """From the start of the process until the program says that its window is drawn: elapsed, and of a processor."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": settings}
    used = os.times()
    start = time.perf_counter()
    with subprocess.Popen([program, "--verbose"], stderr=subprocess.PIPE, text=True, env=environment) as process:
        drawn = None
        for line in process.stderr:
            if "The window is drawn" in line:
                drawn = time.perf_counter() - start
                break
        process.kill()
    if drawn is None:
        sys.exit(f"{program} drew no window")
    after = os.times()
    return drawn, after.children_user + after.children_system - used.children_user - used.children_system


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build/release"))
    parser.add_argument("--tokens", type=int, nargs="*", default=[128, 512, 1024])
    parser.add_argument("--long", type=int, nargs="*", default=[2048, 4096])
    parser.add_argument("--written", type=int, nargs="*", default=[32, 512])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bench, maker = options.build / "bin/tests/attnviz_run_bench", options.build / "bin/tests/make_model"
    os.environ["ATTNVIZ_TORCH_MODULE"] = str(options.build.resolve() / "lib/attention-viz/libattnviz-torch.so")
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as settings:
        starts = [seconds_to_window(options.build / "bin/attention-viz", settings) for _ in range(9)][2:]
    elapsed, used = ([round(start[i], 3) for start in starts] for i in (0, 1))
    print(f"start to a drawn window: {statistics.median(elapsed)} s (from {min(elapsed)} to {max(elapsed)}), "
          f"{statistics.median(used)} s of a processor")
    if not options.tokens and not options.long and not options.written:
        return
    print(f"{'tokens':>7} {'ours s':>8} {'theirs s':>9} {'ratio':>6} {'ours MB':>8} {'theirs MB':>10} {'ratio':>6}  against")
    with tempfile.TemporaryDirectory() as folder:
        for lengths, form, reference, attention in ((options.tokens, "dense", REFERENCE, "eager"),
                                                    (options.long, "factored", REFERENCE, "sdpa"),
                                                    (options.written, "written", WRITING, "sdpa")):
            if not lengths:
                continue
            positions = max(lengths) + (64 if form == "written" else 0)
            subprocess.run([maker, "gpt2", folder, "--positions", str(max(positions, 1024))], check=True)
            for tokens in lengths:
                ours, theirs = [], []
                for _ in range(options.rounds):
                    ours.append(run([bench, folder, str(tokens), form, "3"]))
                    theirs.append(run([sys.executable, "-c", reference, folder, str(tokens), attention, str(threads)]))
                time = [statistics.median(r["seconds"] for r in side) for side in (ours, theirs)]
                memory = [statistics.median(r["peak_mb"] for r in side) for side in (ours, theirs)]
                print(f"{tokens:7} {time[0]:8.3f} {time[1]:9.3f} {time[0] / time[1]:6.2f} {memory[0]:8.0f} "
                      f"{memory[1]:10.0f} {memory[0] / memory[1]:6.2f}  "
                      f"{attention + (', 64 tokens written' if form == 'written' else '')}")


if __name__ == "__main__":
    main()
