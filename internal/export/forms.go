package export

import (
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/llama3"
)

// checks may refuse a conversation, each for its own reason.
type checks []func(example.Conversation) error

// forms are the presets, in the order in which people choose from them.
var forms = []form{
	{
		Description: Description{
			Preset: Messages, Title: "Messages", Group: Platforms,
			For:     "The strict form that every platform and trainer accepts. Choose it when in doubt.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}]}`,
			Limits:  "10 rows or more.",
			Refuses: "Conversations in which user and assistant do not take turns, which do not end with an answer in words, or whose tool calls have no result.",
			Tools:   "As OpenAI has them: arguments as JSON in a string, each call answered by a message with its id.",
			Source:  "What the documents of all of these have in common.",
		},
		checks: checks{common}, encode: chat(noWeight), copies: true, layout: single, check: messagesRules,
	},
	{
		Description: Description{
			Preset: OpenAI, Title: "OpenAI", Group: Platforms,
			For:     "OpenAI's chat fine-tuning, and what reads its files. It keeps the weights of answers.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…","weight":0},…]}`,
			Limits:  "10 rows or more; a file of 512 MB at most; rows of up to 65,536 of OpenAI's tokens for gpt-4o-mini.",
			Refuses: "What messages refuses, and rows in which every answer has the weight 0.",
			Tools:   "As in messages.",
			Source:  "OpenAI's API description, POST /files and FineTuneChatCompletionRequestAssistantMessage; the notebook on data preparation in its cookbook.",
		},
		checks: checks{common, learns}, encode: chat(ownWeight), copies: true, weighs: true, layout: single, check: openAIRules,
	},
	{
		Description: Description{
			Preset: Together, Title: "Together AI", Group: Platforms,
			For:     "Fine-tuning of Llama 3.3 70B at Together AI.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}]}`,
			Limits:  "1 row or more; 50.1 GiB at most; rows are cut after 24,576 tokens.",
			Refuses: "What messages refuses, and rows with an answer of weight 0: a weight anywhere in the file makes Together train every message that has none.",
			Tools:   "As in messages. Together's older checker, before version 2, knows no tools.",
			Source:  "together-python 1.5.34, utils/files.py; togethercomputer/skills, references/data-formats.md.",
		},
		checks: checks{common, unweighed}, encode: chat(noWeight), copies: true, weighs: true, layout: single, check: togetherRules,
	},
	{
		Description: Description{
			Preset: TogetherWeights, Title: "Together AI, with weights", Group: Platforms,
			For:     "The same where some answers must not be trained on: every message says whether it is.",
			Sample:  `{"messages":[{"role":"user","content":"…","weight":0},{"role":"assistant","content":"…","weight":1}]}`,
			Limits:  "As for together.",
			Refuses: "What messages refuses, and rows in which every answer has the weight 0.",
			Tools:   "As in messages.",
			Source:  "Together's page on preparing data, on weights.",
		},
		checks: checks{common, learns}, encode: chat(fullWeight), weighs: true, layout: single, check: togetherRules,
	},
	{
		Description: Description{
			Preset: Fireworks, Title: "Fireworks AI", Group: Platforms,
			For:     "Fine-tuning at Fireworks AI. It keeps the weights of answers.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}]}`,
			Limits:  "3 to 3,000,000 rows.",
			Refuses: "What messages refuses, and rows in which every answer has the weight 0.",
			Tools:   "As in messages.",
			Source:  "Fireworks' page on fine-tuning models.",
		},
		checks: checks{common, learns}, encode: chat(ownWeight), copies: true, weighs: true, layout: single, check: fireworksRules,
	},
	{
		Description: Description{
			Preset: Nebius, Title: "Nebius Token Factory", Group: Platforms,
			For:     "Fine-tuning at Nebius. Set lora to true in the job: its default is false.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}]}`,
			Limits:  "50 GB at most, 5 GB by its older documents; rows are cut after 8,192 tokens unless context_length says more.",
			Refuses: "What messages refuses. It has no weights: rows with an answer of weight 0 are counted, and would be trained whole.",
			Tools:   "As in messages; the last message must be an answer in words.",
			Source:  "Nebius's page on datasets and its cookbook.",
		},
		checks: checks{common}, encode: chat(noWeight), copies: true, layout: single, check: nebiusRules,
	},
	{
		Description: Description{
			Preset: Llama3, Title: "Llama 3 text", Group: Rendered,
			For:     "The conversation as the chat template of Llama 3.3 writes it, byte for byte, for trainers that take text. Tokenise it without adding a begin-of-text token.",
			Sample:  `{"text":"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: …"}`,
			Refuses: "Conversations that do not end with an answer, several tool calls in one message, arguments that are no JSON object, text beside a tool call: the template would drop it.",
			Tools:   "As the template writes them, among the words.",
			Source:  "The chat template in the tokenizer configuration of Llama 3.1 and 3.3 Instruct.",
		},
		checks: checks{answered}, encode: rendered(llama3.AppendHF), layout: single, check: textRules,
	},
	{
		Description: Description{
			Preset: Llama3Plain, Title: "Llama 3 text, without the dates", Group: Rendered,
			For:     "The same without the lines about dates that the template puts first, as Meta's own code, Axolotl and LLaMA-Factory write it. Train with what you serve with.",
			Sample:  `{"text":"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|>"}`,
			Refuses: "As for llama3.",
			Tools:   "As for llama3.",
			Source:  "Meta's llama-models, models/llama3/chat_format.py.",
		},
		checks: checks{answered}, encode: rendered(llama3.AppendPlain), layout: single, check: textRules,
	},
	{
		Description: Description{
			Preset: ShareGPT, Title: "ShareGPT", Group: Trainers,
			For:     "Trainers that take the conversations of ShareGPT: LLaMA-Factory, older Axolotl, FastChat.",
			Sample:  `{"conversations":[{"from":"human","value":"…"},{"from":"gpt","value":"…"}],"system":"","tools":""}`,
			Refuses: "What messages refuses, and several tool calls in one message: calls and results must take turns.",
			Tools:   "A turn from function_call with name and arguments as JSON, and a turn from observation with the result; tools is JSON in a string.",
			Source:  "LLaMA-Factory, data/README.md and data/converter.py.",
		},
		checks: checks{common, oneCall, learns}, encode: appendShareGPT, layout: single, check: shareGPTRules,
	},
	{
		Description: Description{
			Preset: Alpaca, Title: "Alpaca", Group: Trainers,
			For:     "Trainers that take instruction, input and output. One question and one answer per row.",
			Sample:  `{"instruction":"…","input":"","output":"…","system":""}`,
			Refuses: "Conversations of more than one question and one answer, and everything with tools.",
			Tools:   "Refused.",
			Source:  "LLaMA-Factory, data/README.md.",
		},
		checks: checks{common, noTools("alpaca has no place for tools"), learns}, encode: appendAlpaca, weighs: true, layout: single, check: alpacaRules,
	},
	{
		Description: Description{
			Preset: Axolotl, Title: "Axolotl", Group: Trainers, Folder: true,
			For:     "Axolotl: the rows and axolotl.yaml, with which it trains. Every message says whether it is trained on.",
			Sample:  `{"messages":[{"role":"user","content":"…","train":false},{"role":"assistant","content":"…","train":true}]}`,
			Refuses: "What messages refuses, everything with tools, and rows in which every answer has the weight 0.",
			Tools:   "Refused: Axolotl wants them as objects, and the library that reads the file gives all objects the keys of all others.",
			Source:  "Axolotl, docs/dataset-formats/conversation.qmd and prompt_strategies/chat_template.py.",
		},
		checks: checks{common, noTools("axolotl can't have tools in some rows and not in others"), learns},
		encode: appendAxolotl, weighs: true, layout: eachIn("*.jsonl"), check: axolotlRules, companion: axolotlConfig,
	},
	{
		Description: Description{
			Preset: LlamaFactory, Title: "LLaMA-Factory", Group: Trainers, Folder: true,
			For:     "LLaMA-Factory: the rows, dataset_info.json and train.yaml.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}],"tools":""}`,
			Refuses: "What messages refuses, and several tool calls in one message. It has no weights: rows with an answer of weight 0 are counted, and would be trained whole.",
			Tools:   "Messages of the roles function_call and observation; tools is JSON in a string.",
			Source:  "LLaMA-Factory, data/README.md, data/converter.py and data/template.py.",
		},
		checks: checks{common, oneCall, learns}, encode: appendFactory, layout: eachIn("*.jsonl"), check: factoryRules, companion: factoryConfig,
	},
	{
		Description: Description{
			Preset: Torchtune, Title: "torchtune", Group: Trainers, Folder: true,
			For:     "torchtune: the rows and torchtune.yaml, the part of a recipe that names them.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}]}`,
			Refuses: "What messages refuses, and everything with tools.",
			Tools:   "Refused: its chat datasets have no place for them.",
			Source:  "torchtune, docs/source/basics/chat_datasets.rst and data/_messages.py.",
		},
		checks: checks{common, noTools("torchtune's chat datasets have no place for tools"), learns},
		encode: chat(noWeight), layout: eachIn("*.jsonl"), check: torchtuneRules, companion: torchtuneConfig,
	},
	{
		Description: Description{
			Preset: Unsloth, Title: "Unsloth", Group: Trainers, Folder: true,
			For:     "Unsloth: the rows and train_unsloth.py, which trains with them.",
			Sample:  `{"conversations":[{"from":"human","value":"…"},{"from":"gpt","value":"…"}]}`,
			Refuses: "What messages refuses, and everything with tools.",
			Tools:   "Refused: its template gets no tools.",
			Source:  "Unsloth, chat_templates.py.",
		},
		checks: checks{common, noTools("Unsloth's template gets no tools"), learns},
		encode: appendUnsloth, layout: eachIn("*.jsonl"), check: unslothRules, companion: unslothScript,
	},
	{
		Description: Description{
			Preset: TRL, Title: "TRL", Group: Trainers, Folder: true,
			For:     "TRL's SFTTrainer: the rows and sft.yaml. The loss is on the last answer only, because the template of Llama 3.3 does not mark the others.",
			Sample:  `{"prompt":[{"role":"user","content":"…"}],"completion":[{"role":"assistant","content":"…"}],"tools":"null"}`,
			Refuses: "What messages refuses, several tool calls in one message, and rows whose last answer has the weight 0.",
			Tools:   "A call in the words of Llama 3.3's template; tools is JSON in a string, null where there are none.",
			Source:  "TRL, docs/source/dataset_formats.md and trainer/sft_config.py.",
		},
		checks: checks{common, oneCall, lastLearns}, encode: appendTRL, weighs: true, layout: eachIn("data/*.jsonl"), check: trlRules, companion: trlConfig,
	},
	{
		Description: Description{
			Preset: PromptCompletion, Title: "Prompt and completion", Group: Trainers,
			For:     "Trainers that put the loss on the answer only. Everything before the last answer is the prompt.",
			Sample:  `{"prompt":[{"role":"user","content":"…"}],"completion":[{"role":"assistant","content":"…"}]}`,
			Refuses: "What messages refuses, everything with tools, and rows whose last answer has the weight 0.",
			Tools:   "Refused; trl has them.",
			Source:  "TRL, docs/source/dataset_formats.md.",
		},
		checks: checks{common, noTools("prompt-completion has no place for tools; use trl"), lastLearns},
		encode: appendPair, weighs: true, layout: single, check: pairRules,
	},
	{
		Description: Description{
			Preset: HuggingFace, Title: "Hugging Face", Group: Tables, Folder: true,
			For:     "A dataset for the hub and for the datasets library: Parquet and JSON Lines for each split, README.md with its card, croissant.json.",
			Sample:  `{"messages":[{"role":"user","content":"…"},{"role":"assistant","content":"…"}],"tools":"null"}`,
			Refuses: "What messages refuses, and several tool calls in one message. It has no weights: rows with an answer of weight 0 are counted.",
			Tools:   "A call in the words of Llama 3.3's template, so that every row has the same columns; tools is JSON in a string, null where there are none.",
			Source:  "hub-docs, datasetcard.md and datasets-manual-configuration.md; the Croissant specification 1.0.",
		},
		checks: checks{common, oneCall}, encode: appendTabular, table: chatTable, layout: eachIn("data/*.parquet", "data/*.jsonl"),
		check: huggingFaceRules, companion: huggingFaceFiles,
	},
	{
		Description: Description{
			Preset: Parquet, Title: "Parquet", Group: Tables,
			For:     "One table with everything that an example says, for analysis: contents as they are, names, tool calls and weights.",
			Sample:  "messages: list of {role, name?, content, tool_calls: list of {id, type, function: {name, arguments}}, tool_call_id?, weight?}; tools?: JSON",
			Refuses: "Nothing but tools that are no function definitions.",
			Tools:   "Columns of their own; arguments are JSON in a string.",
			Source:  "The Parquet format; written with Snappy.",
		},
		encode: appendFull, table: fullTable, weighs: true, layout: tables, check: parquetRules,
	},
}
