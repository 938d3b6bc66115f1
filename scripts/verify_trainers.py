#!/usr/bin/env python3
"""Hand what `spotter export` made for TRL and Axolotl to those trainers' own code,
on a computer without a GPU and without a network.

    python3 -m venv venv && venv/bin/pip install trl
    venv/bin/pip install --no-deps axolotl && venv/bin/pip install peft torchao colorama addict fire
    spotter export --preset trl -o trl
    spotter export --preset axolotl -o axolotl
    venv/bin/python scripts/verify_trainers.py --trl trl --axolotl axolotl --template llama3_1.jinja

TRL: the real SFTTrainer is made with the settings of sft.yaml, but for those of the
hardware, and a Llama of two small layers. What it made of each row must read, token
by token, as the chat template writes the row, its loss must be on the completion and
on nothing else, and one step of training must have a loss.

Axolotl: its real loader of chat_template datasets is made with the settings of
axolotl.yaml. What it made of each row must read as the chat template writes it, and
the tokens it trains on must be the answers that say so, each with its end of turn.

The tokenizer knows bytes and the special tokens of Llama 3, so that nothing has to be
fetched; llama3_1.jinja is the file of that name in TRL's chat_templates. Ends with 1
if anything differs.
"""

import argparse
import glob
import importlib.metadata
import json
import os
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", WANDB_DISABLED="true", CUDA_VISIBLE_DEVICES="")

import yaml
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
           "<|eot_id|>", "<|eom_id|>", "<|python_tag|>", "<|finetune_right_pad_id|>"]


def byte_tokenizer(template):
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    t = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in SPECIAL])
    return PreTrainedTokenizerFast(tokenizer_object=t, bos_token=SPECIAL[0], eos_token="<|eot_id|>",
                                   pad_token="<|finetune_right_pad_id|>", chat_template=template)


def text_of(tokenizer, ids):
    return tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def rows_of(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        return [json.loads(line) for line in f]


def complain(what, number, want, got):
    print(f"{what}, row {number}: want\n{want!r}\ngot\n{got!r}")
    return 1


def learnt_ids(row):
    """What a row is trained on: TRL says it by labels, and older versions by a mask."""
    if "labels" in row:
        return [token for token, label in zip(row["input_ids"], row["labels"]) if label != -100]
    return [token for token, on in zip(row["input_ids"], row["completion_mask"]) if on]


def check_trl(folder, tokenizer):
    import datasets
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    with open(os.path.join(folder, "sft.yaml"), encoding="utf-8") as f:
        asked = yaml.safe_load(f)
    path = glob.glob(os.path.join(folder, "data", "*.jsonl"))[0]
    rows = rows_of(path)
    whole = [tokenizer.apply_chat_template(r["prompt"] + r["completion"], tools=json.loads(r["tools"]), tokenize=False) for r in rows]
    prompts = [tokenizer.apply_chat_template(r["prompt"], tools=json.loads(r["tools"]), tokenize=False, add_generation_prompt=True) for r in rows]
    longest = max(len(tokenizer(w, add_special_tokens=False)["input_ids"]) for w in whole)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
                                         num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=longest))
    with tempfile.TemporaryDirectory() as out:
        data = datasets.load_dataset("json", data_files=path, split="train", cache_dir=out)
        settings = {k: asked[k] for k in ("completion_only_loss", "packing", "learning_rate") if k in asked}
        args = SFTConfig(output_dir=out, max_length=longest, max_steps=1, per_device_train_batch_size=1, report_to=[], use_cpu=True,
                         bf16=False, gradient_checkpointing=False, save_strategy="no", disable_tqdm=True, **settings)
        trainer = SFTTrainer(model=model, args=args, train_dataset=data, processing_class=tokenizer)
        failures = 0
        made = trainer.train_dataset
        if len(made) != len(rows):
            failures += complain("trl", 0, len(rows), len(made))
        for number, (row, want, prompt) in enumerate(zip(made, whole, prompts), 1):
            got = text_of(tokenizer, row["input_ids"])
            learnt = text_of(tokenizer, learnt_ids(row))
            if got != want:
                failures += complain("trl", number, want, got)
            elif learnt != want[len(prompt):]:
                failures += complain("trl, what is learnt", number, want[len(prompt):], learnt)
        loss = trainer.train().training_loss
        print(f"trl {importlib.metadata.version('trl')}: {len(made)} rows, {failures} differ; loss of one step {loss:.3f}")
        if not 0 < loss < float("inf"):
            failures += 1
    return failures


def check_axolotl(folder, tokenizer):
    from axolotl.prompt_strategies.chat_template import load
    from axolotl.utils.dict import DictDefault

    with open(os.path.join(folder, "axolotl.yaml"), encoding="utf-8") as f:
        asked = yaml.safe_load(f)
    failures = count = 0
    for source in asked["datasets"]:
        cfg = DictDefault({**asked, "train_on_inputs": False, "sequence_len": 1 << 20})
        strategy = load(tokenizer, cfg, ds_cfg=DictDefault(source))
        for number, row in enumerate(rows_of(os.path.join(folder, source["path"])), 1):
            count += 1
            plain = [{"role": m["role"], "content": m["content"]} for m in row["messages"]]
            want = tokenizer.apply_chat_template(plain, tokenize=False)
            made = strategy.tokenize_prompt(row)
            got = text_of(tokenizer, made["input_ids"])
            learnt = text_of(tokenizer, learnt_ids(made))
            answers = "".join(m["content"] + "<|eot_id|>" for m in row["messages"] if m["train"])
            if got != want:
                failures += complain("axolotl", number, want, got)
            elif learnt != answers:
                failures += complain("axolotl, what is learnt", number, answers, learnt)
    print(f"axolotl {importlib.metadata.version('axolotl')}: {count} rows, {failures} differ")
    return failures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--trl")
    p.add_argument("--axolotl")
    p.add_argument("--template", required=True)
    a = p.parse_args()
    with open(a.template, encoding="utf-8") as f:
        tokenizer = byte_tokenizer(f.read())
    print(", ".join(f"{n} {importlib.metadata.version(n)}" for n in ("transformers", "torch", "tokenizers")))
    failures = 0
    if a.trl:
        failures += check_trl(a.trl, tokenizer)
    if a.axolotl:
        failures += check_axolotl(a.axolotl, tokenizer)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
