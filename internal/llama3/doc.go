// Package llama3 writes conversations as the Llama 3.1 and 3.3 Instruct models
// read them and counts the tokens they cost, exactly and offline.
//
// AppendHF gives the bytes of the Hugging Face chat template, AppendPlain the
// same without the preamble of dates. A Tokenizer turns text into the ids of
// the 128,000 ordinary and 256 special tokens of Llama 3.
//
// The package knows nothing of files, export presets or limits.
package llama3
