"""Writes by transformers' own `generate` whenever a line comes in: `... plain_writing FOLDER N_WRITTEN`.

Prints the CPU seconds of each time. What comes in are the ids that are given, with blanks between them.
"""

from __future__ import annotations

import sys
import time

import torch
import transformers


def main() -> None:
    torch.set_num_threads(1)
    net = transformers.GPT2LMHeadModel.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    print("ready", flush=True)
    for line in sys.stdin:
        ids = torch.tensor([[int(word) for word in line.split()]])
        began = time.process_time()
        with torch.inference_mode():
            net.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=int(sys.argv[2]), pad_token_id=0)
        print(time.process_time() - began, flush=True)


if __name__ == "__main__":
    main()
