# Made-up: "rows", for Unsloth: python train_unsloth.py
from unsloth import FastLanguageModel  # first: it changes the libraries below
from unsloth.chat_templates import get_chat_template, standardize_sharegpt, train_on_responses_only

from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

LENGTH = 8192

model, tokenizer = FastLanguageModel.from_pretrained("meta-llama/Llama-3.3-70B-Instruct", max_seq_length=LENGTH, load_in_4bit=True)
model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=32, lora_dropout=0)
# This template does not trim contents and writes another date than the model's own.
# Our contents are trimmed already; serve with the same template.
tokenizer = get_chat_template(tokenizer, chat_template="llama-3.3")

data = standardize_sharegpt(load_dataset("json", data_files={"train": "train.jsonl", "validation": "validation.jsonl"}))


def render(rows):
    return {"text": [tokenizer.apply_chat_template(c, tokenize=False) for c in rows["conversations"]]}


data = data.map(render, batched=True)
trainer = SFTTrainer(
    model=model,
    tokenizer=tokenizer,
    train_dataset=data["train"],
    eval_dataset=data["validation"],
    args=SFTConfig(
        dataset_text_field="text",
        max_length=LENGTH,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=8,
        num_train_epochs=3,
        learning_rate=1e-4,
        output_dir="out",
    ),
)
# The loss is on what the assistant says.
trainer = train_on_responses_only(
    trainer,
    instruction_part="<|start_header_id|>user<|end_header_id|>\n\n",
    response_part="<|start_header_id|>assistant<|end_header_id|>\n\n",
)
trainer.train()
model.save_pretrained("out")
