package export

import "github.com/voicefit/spotter/internal/llama3"

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
		encode: chat(noWeight, common), copies: true, layout: single, check: messagesRules,
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
		encode: chat(ownWeight, common, learns), copies: true, weighs: true, layout: single, check: openAIRules,
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
		encode: chat(noWeight, common, unweighed), copies: true, weighs: true, layout: single, check: togetherRules,
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
		encode: chat(fullWeight, common, learns), weighs: true, layout: single, check: togetherRules,
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
		encode: chat(ownWeight, common, learns), copies: true, weighs: true, layout: single, check: fireworksRules,
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
		encode: chat(noWeight, common), copies: true, layout: single, check: nebiusRules,
	},
	{
		Description: Description{
			Preset: Llama3, Title: "Llama 3 text", Group: Rendered,
			For:     "The conversation as the chat template of Llama 3.3 writes it, byte for byte, for trainers that take text. Tokenise it without adding a begin-of-text token.",
			Sample:  `{"text":"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: …"}`,
			Refuses: "Several tool calls in one message, arguments that are no JSON object, text beside a tool call: the template would drop it.",
			Tools:   "As the template writes them, among the words.",
			Source:  "The chat template in the tokenizer configuration of Llama 3.1 and 3.3 Instruct.",
		},
		encode: rendered(llama3.AppendHF), layout: single, check: textRules,
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
		encode: rendered(llama3.AppendPlain), layout: single, check: textRules,
	},
}
