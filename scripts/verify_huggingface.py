#!/usr/bin/env python3
"""Load what `spotter export --preset huggingface` made with the real datasets
library, render it with a chat template by transformers, and hold the text
against what `spotter export --preset llama3` wrote, byte for byte.

    python3 -m venv venv && venv/bin/pip install datasets transformers jinja2
    spotter export --preset huggingface -o hub
    spotter export --preset llama3 -o llama3.jsonl
    venv/bin/python scripts/verify_huggingface.py hub llama3.jsonl llama3_1.jinja

llama3_1.jinja is the chat template of Llama 3.1 and 3.3 Instruct, as the file
trl/chat_templates/llama3_1.jinja of the TRL repository has it. Ends with 1 if
anything differs. Works without a network.
"""

import hashlib
import json
import os
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

import datasets
import transformers
from transformers.utils.chat_template_utils import render_jinja_template

TEMPLATE_SHA256 = "e10ca381b1ccc5cf9db52e371f3b6651576caee0a630b452e2816b2d404d4b65"


def main(folder, rendered, template_file):
    print(f"datasets {datasets.__version__}, transformers {transformers.__version__}")
    with open(template_file, "rb") as f:
        raw = f.read()
    if hashlib.sha256(raw).hexdigest() != TEMPLATE_SHA256:
        sys.exit(f"{template_file} is not the template that this was written for")
    template = raw.decode()

    failures = 0
    with tempfile.TemporaryDirectory() as cache:
        data = datasets.load_dataset(folder, cache_dir=cache)
        for split, parquet in data.items():
            print(f"{split}: {len(parquet)} rows, {dict(parquet.features)}")
            lines = datasets.load_dataset(
                "json", data_files=os.path.join(folder, "data", f"{split}.jsonl"), split="train", cache_dir=cache
            )
            if parquet.features != lines.features:
                print(f"{split}: JSON Lines by themselves are read as {dict(lines.features)}")
                failures += 1
            if parquet.to_list() != lines.to_list():
                print(f"{split}: Parquet and JSON Lines hold other rows")
                failures += 1

        with open(rendered, encoding="utf-8", newline="\n") as f:
            texts = [json.loads(line)["text"] for line in f]
        # The text preset can say a few rows that this one can't: what both say
        # must come in the same order.
        at = same = 0
        for split in data:
            for number, row in enumerate(data[split], 1):
                got, _ = render_jinja_template(
                    conversations=[row["messages"]],
                    tools=json.loads(row["tools"]),
                    chat_template=template,
                    bos_token="<|begin_of_text|>",
                )
                while at < len(texts) and texts[at] != got[0]:
                    at += 1
                if at == len(texts):
                    print(f"{split}, row {number}: the template gives another text:\n{got[0]!r}")
                    failures += 1
                    at = 0
                    continue
                at += 1
                same += 1
        print(f"{same} rows rendered by the template are byte for byte in {rendered} ({len(texts)} rows)")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
