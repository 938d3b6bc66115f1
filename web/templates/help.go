package templates

// Help is the page of keys, words and first steps.
type Help struct {
	Steps []HelpStep
	Keys  []HelpKey
	Words []HelpWord
	Roles []HelpWord
}

// HelpStep is one of the first things to do.
type HelpStep struct {
	Title string
	Text  string
	Link  Link // Label empty: none
}

// HelpKey is what a key does while reviewing.
type HelpKey struct {
	Keys []string
	Does string
}

// HelpWord is a word and what it means here. Status is set for statuses.
type HelpWord struct {
	Word   string
	Means  string
	Status string
}
