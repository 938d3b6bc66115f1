package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// model is what the configurations train.
const model = "meta-llama/Llama-3.3-70B-Instruct"

// maxLength is where the configurations cut rows, in tokens: TRL's own default is
// 1,024, and cuts in silence.
const maxLength = 8192

// file returns the file of a split, by extension, and whether there is one.
func (s Set) file(split, ext string) (Written, bool) {
	for _, w := range s.of(ext) {
		if w.Split() == split {
			return w, true
		}
	}
	return Written{}, false
}

// train is the file to train on; its split is train, or the only one there is.
func (s Set) train(ext string) Written {
	if w, ok := s.file("train", ext); ok {
		return w
	}
	if all := s.of(ext); len(all) > 0 {
		return all[0]
	}
	return Written{}
}

// yamlString writes s as a YAML string in double quotes, which is what JSON's are.
func yamlString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string can always be encoded
	}
	return strings.TrimRight(b.String(), "\n")
}

// text is a companion made of text.
func text(name, contentType, body string) []Companion {
	return []Companion{{Name: name, ContentType: contentType, Body: []byte(body)}}
}

// axolotlConfig is a configuration of Axolotl for a QLoRA of the 70B model.
func axolotlConfig(s Set) ([]Companion, error) {
	var b strings.Builder
	dataset := func(file string) {
		fmt.Fprintf(&b, `  - path: %s
    ds_type: json
    type: chat_template
    field_messages: messages
    message_field_training: train
    roles_to_train: ["assistant"]
    train_on_eos: turn
`, file)
	}
	fmt.Fprintf(&b, `# %s, for Axolotl: axolotl train axolotl.yaml
base_model: %s
datasets:
`, comment(s), model)
	dataset(s.train(".jsonl").Name)
	if v, ok := s.file("validation", ".jsonl"); ok && v.Rows > 0 {
		b.WriteString("test_datasets:\n")
		dataset(v.Name)
		b.WriteString("    split: train\n")
	}
	fmt.Fprintf(&b, `# The template of the tokenizer, with its lines of dates. "llama3" leaves them out:
# train with what you serve with.
chat_template: tokenizer_default
special_tokens:
  eos_token: <|eot_id|>
  pad_token: <|finetune_right_pad_id|>
sequence_len: %d
sample_packing: true
load_in_4bit: true
adapter: qlora
lora_r: 16
lora_alpha: 32
lora_target_linear: true
num_epochs: 3
micro_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1e-4
lr_scheduler: cosine
warmup_ratio: 0.05
optimizer: adamw_torch
bf16: true
gradient_checkpointing: true
output_dir: ./out
`, maxLength)
	return text("axolotl.yaml", typeYAML, b.String()), nil
}

// comment is the title of the set on one line.
func comment(s Set) string { return strings.Join(strings.Fields(s.Title), " ") }

// slug is the name of the set in letters that every program takes in a name.
func slug(name string) string {
	s := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, name)
	if s = strings.Trim(s, "_"); s == "" {
		return "spotter"
	}
	return s
}

// factoryConfig is LLaMA-Factory's list of datasets and a configuration.
func factoryConfig(s Set) ([]Companion, error) {
	type tags struct {
		Role        string `json:"role_tag"`
		Content     string `json:"content_tag"`
		User        string `json:"user_tag"`
		Assistant   string `json:"assistant_tag"`
		Observation string `json:"observation_tag"`
		Function    string `json:"function_tag"`
		System      string `json:"system_tag"`
	}
	type columns struct {
		Messages string `json:"messages"`
		Tools    string `json:"tools"`
	}
	type entry struct {
		File       string  `json:"file_name"`
		Formatting string  `json:"formatting"`
		Columns    columns `json:"columns"`
		Tags       tags    `json:"tags"`
	}
	name := slug(s.Name)
	info := map[string]entry{}
	for _, w := range s.of(".jsonl") {
		info[name+"_"+slug(w.Split())] = entry{
			File: w.Name, Formatting: "sharegpt", Columns: columns{"messages", "tools"},
			Tags: tags{"role", "content", "user", "assistant", "observation", "function_call", "system"},
		}
	}
	body, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("dataset_info.json: %w", err)
	}
	eval := ""
	if v, ok := s.file("validation", ".jsonl"); ok && v.Rows > 0 {
		eval = fmt.Sprintf("eval_dataset: %s_validation\neval_strategy: epoch\nper_device_eval_batch_size: 1\n", name)
	}
	config := fmt.Sprintf(`# %s, for LLaMA-Factory: llamafactory-cli train train.yaml
model_name_or_path: %s
dataset_dir: .
dataset: %s_%s
%s# Meta's form of the template, without lines of dates.
template: llama3
cutoff_len: %d
stage: sft
do_train: true
finetuning_type: lora
lora_target: all
lora_rank: 16
# Every answer of a conversation is trained on; true would leave only the last.
mask_history: false
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.05
bf16: true
output_dir: out
`, comment(s), model, name, slug(s.train(".jsonl").Split()), eval, maxLength)
	return append(text("dataset_info.json", typeJSON, string(body)+"\n"), text("train.yaml", typeYAML, config)...), nil
}

// torchtuneConfig is the part of a torchtune configuration that names the data.
func torchtuneConfig(s Set) ([]Companion, error) {
	stanza := func(key, file string) string {
		return fmt.Sprintf(`%s:
  _component_: torchtune.datasets.chat_dataset
  source: json
  data_files: %s
  conversation_column: messages
  conversation_style: openai
  train_on_input: False
  packed: False
  split: train
`, key, file)
	}
	body := fmt.Sprintf("# %s, for torchtune: put this into a recipe's configuration, such as\n# llama3_3/70B_lora, in place of its dataset.\ntokenizer:\n  _component_: torchtune.models.llama3.llama3_tokenizer\n  path: /tmp/Llama-3.3-70B-Instruct/original/tokenizer.model\n  max_seq_len: %d\n", comment(s), maxLength)
	body += stanza("dataset", s.train(".jsonl").Name)
	if v, ok := s.file("validation", ".jsonl"); ok && v.Rows > 0 {
		body += stanza("dataset_val", v.Name)
	}
	return text("torchtune.yaml", typeYAML, body), nil
}

// trlConfig is a configuration of TRL's command line.
func trlConfig(s Set) ([]Companion, error) {
	eval := ""
	if v, ok := s.file("validation", ".jsonl"); ok && v.Rows > 0 {
		eval = "dataset_test_split: validation\neval_strategy: epoch\n"
	}
	return text("sft.yaml", typeYAML, fmt.Sprintf(`# %s, for TRL: trl sft --config sft.yaml
model_name_or_path: %s
dataset_name: data
dataset_train_split: %s
%s# Rows hold prompt and completion: the loss is on the completion. assistant_only_loss
# fails with the template of Llama 3.3, which does not mark what the assistant says.
completion_only_loss: true
# TRL's default is 1,024, and longer rows are cut in silence.
max_length: %d
packing: false
use_peft: true
lora_r: 16
lora_alpha: 32
lora_target_modules: all-linear
learning_rate: 1.0e-4
num_train_epochs: 3
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
lr_scheduler_type: cosine
warmup_ratio: 0.05
bf16: true
gradient_checkpointing: true
output_dir: out
`, comment(s), model, s.train(".jsonl").Split(), eval, maxLength)), nil
}

// unslothScript trains with Unsloth.
func unslothScript(s Set) ([]Companion, error) {
	files, eval := fmt.Sprintf("%q: %q", "train", s.train(".jsonl").Name), "None"
	if v, ok := s.file("validation", ".jsonl"); ok && v.Rows > 0 {
		files += fmt.Sprintf(", %q: %q", "validation", v.Name)
		eval = `data["validation"]`
	}
	return text("train_unsloth.py", typePython, fmt.Sprintf(`# %s, for Unsloth: python train_unsloth.py
from unsloth import FastLanguageModel  # first: it changes the libraries below
from unsloth.chat_templates import get_chat_template, standardize_sharegpt, train_on_responses_only

from datasets import load_dataset
from trl import SFTConfig, SFTTrainer

LENGTH = %d

model, tokenizer = FastLanguageModel.from_pretrained(%q, max_seq_length=LENGTH, load_in_4bit=True)
model = FastLanguageModel.get_peft_model(model, r=16, lora_alpha=32, lora_dropout=0)
# This template does not trim contents and writes another date than the model's own.
# Our contents are trimmed already; serve with the same template.
tokenizer = get_chat_template(tokenizer, chat_template="llama-3.3")

data = standardize_sharegpt(load_dataset("json", data_files={%s}))


def render(rows):
    return {"text": [tokenizer.apply_chat_template(c, tokenize=False) for c in rows["conversations"]]}


data = data.map(render, batched=True)
trainer = SFTTrainer(
    model=model,
    tokenizer=tokenizer,
    train_dataset=data["train"],
    eval_dataset=%s,
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
`, comment(s), maxLength, model, files, eval)), nil
}
