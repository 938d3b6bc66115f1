package decode_test

import (
	"os"
	"strings"
	"testing"

	"github.com/voicefit/spotter/internal/decode"
)

// Every example in docs/formats.md is read, as the format under whose heading
// it stands.
func TestDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"openai": 2, "sharegpt": 1, "alpaca": 1, "prompt-completion": 2, "voicefit-injury": 1, "CSV": 1}
	heading := ""
	for i, part := range strings.Split(string(page), "```") {
		if i%2 == 0 {
			if j := strings.LastIndex(part, "\n### "); j >= 0 {
				heading, _, _ = strings.Cut(strings.Trim(part[j+5:], "`"), "\n")
				heading, _, _ = strings.Cut(heading, "`")
			}
			continue
		}
		lang, example, _ := strings.Cut(part, "\n")
		if lang == "" {
			continue // a command, or what becomes of the example
		}
		found, err := decode.Sniff([]byte(example), true, heading)
		if err != nil || heading != "CSV" && string(found.Format) != heading {
			t.Errorf("the example of %s is %s: %v", heading, found.Format, err)
			continue
		}
		got := rows(t, []byte(example), decode.DecodeOptions{})
		if len(got) != want[heading] {
			t.Errorf("the example of %s has %d rows, want %d", heading, len(got), want[heading])
		}
		delete(want, heading)
		if heading == "voicefit-injury" {
			if said := got[0].Conversation.Messages[0].Content; !strings.Contains(string(page), "\n```\n"+said+"\n```\n") {
				t.Errorf("the page does not show what the user says: %q", said)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("the page has no examples of %v", want)
	}
}
