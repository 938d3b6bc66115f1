package decode

// A Mapping says which fields of a row make up its conversation. Each field is
// a path: a top-level key (or CSV column), or keys and array indexes joined by
// dots (answer.text, choices.0.message). Empty means not mapped. Either
// Messages, or User and Assistant, must be set.
type Mapping struct {
	Messages    string `json:"messages,omitempty"` // a list of role/content or from/value objects
	System      string `json:"system,omitempty"`
	User        string `json:"user,omitempty"`
	Assistant   string `json:"assistant,omitempty"`
	Tools       string `json:"tools,omitempty"`
	Category    string `json:"category,omitempty"`
	Subcategory string `json:"subcategory,omitempty"`
	ID          string `json:"id,omitempty"`
}

// ParseMapping reads pairs of the form target=path, as --map takes them.
func ParseMapping(pairs []string) (*Mapping, error) { return &Mapping{}, nil }
