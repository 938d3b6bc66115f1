package lint

import "github.com/voicefit/spotter/internal/example"

// A Subject is one example under examination. Category and Subcategory are
// slugs of the catalog; Tokens is the length in Llama 3 tokens in the Hugging
// Face form, 0 where it is not known.
type Subject struct {
	Category, Subcategory string
	Conversation          example.Conversation
	Tokens                int
}
