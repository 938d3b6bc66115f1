package lint_test

import (
	"testing"

	"github.com/voicefit/spotter/internal/example"
)

func message(role example.Role, content string) example.Message {
	return example.Message{Role: role, Content: content}
}

func weighted(weight int) example.Message {
	return example.Message{Role: example.Assistant, Content: "ok", Weight: &weight}
}

func TestStructure(t *testing.T) {
	t.Parallel()
	user, answer := message(example.User, "Hi"), message(example.Assistant, "Hello")
	call := example.ToolCall{ID: "1", Name: "f", Arguments: "{}"}
	other := example.ToolCall{ID: "2", Name: "f", Arguments: "{}"}
	examine(t, linter(t), "structure", []row{
		{name: "in order", messages: []example.Message{message(example.System, "s"), user, answer, user, answer}},
		{name: "a tool call", messages: []example.Message{
			user, {Role: example.Assistant, ToolCalls: []example.ToolCall{call}}, {Role: example.Tool, ToolCallID: "1", Content: "1"}, answer,
		}},
		{name: "nothing", messages: []example.Message{}, want: []string{"error structure/empty /messages"}},
		{name: "two users", messages: []example.Message{user, user, answer}, want: []string{"error structure/roles /messages/1"}},
		{name: "a user last", messages: []example.Message{user, answer, user}, want: []string{"error structure/roles /messages/2"}},
		{name: "the assistant first", messages: []example.Message{answer, user, answer}, want: []string{"error structure/roles /messages/0"}},
		{name: "a system message later", messages: []example.Message{user, message(example.System, "s"), answer}, want: []string{"error structure/roles /messages/1"}},
		{name: "a result without a call", messages: []example.Message{user, {Role: example.Tool, Content: "1"}, answer}, want: []string{"error structure/roles /messages/1"}},
		{name: "no answer", messages: []example.Message{user}, want: []string{"error structure/no-assistant /messages"}},
		{name: "no answer and two users", messages: []example.Message{user, user}, want: []string{"error structure/no-assistant /messages", "error structure/roles /messages/1"}},
		{name: "an empty answer", messages: []example.Message{user, message(example.Assistant, " \n\u00a0")}, want: []string{"error structure/empty /messages/1/content"}},
		{name: "an empty question and a wrong order", messages: []example.Message{message(example.User, ""), user, answer}, want: []string{"error structure/empty /messages/0/content", "error structure/roles /messages/1"}},
		{name: "weights", messages: []example.Message{user, weighted(0), user, weighted(1)}},
		{name: "no weight but 0", messages: []example.Message{user, weighted(0)}, want: []string{"error structure/weights /messages"}},
		{name: "a weight on one message", messages: []example.Message{user, weighted(1), user, answer}, want: []string{"warning structure/weights /messages"}},
		{name: "parallel calls", messages: []example.Message{
			user,
			{Role: example.Assistant, ToolCalls: []example.ToolCall{call, other}},
			{Role: example.Tool, ToolCallID: "1", Content: "1"},
			{Role: example.Tool, ToolCallID: "2", Content: "1"},
			answer,
		}, want: []string{"warning structure/parallel-calls /messages/1"}},
	})
}

func TestSpecialToken(t *testing.T) {
	t.Parallel()
	examine(t, linter(t), "text/special-token", []row{
		{name: "none", turns: []string{"a < b | c > d <b>bold</b>", "fine <|"}},
		{name: "the end of the turn", turns: []string{"a<|eot_id|>", "b"}, want: []string{"error text/special-token /messages/0/content[1:11]"}},
		{name: "another model's", turns: []string{"a", "b <|im_end|>"}, want: []string{"warning text/special-token /messages/1/content[2:12]"}},
		{name: "an instruction mark", turns: []string{"[INST] a", "b"}, want: []string{"warning text/special-token /messages/0/content[0:6]"}},
		{
			name: "inside a structured answer", category: "voice_parsing", turns: []string{"a", `{"notes":["x","<|eot_id|>"]}`},
			want: []string{"error text/special-token /messages/1/content/notes/1[0:10]"},
		},
	})
}

func TestControlCharacter(t *testing.T) {
	t.Parallel()
	examine(t, linter(t), "text/control-character", []row{
		{name: "ordinary text", turns: []string{"tab\tline\r\nend", "naïve 100 °C – “quoted” 日本語 ½"}},
		{name: "emoji with joiners", turns: []string{"👩\u200d🚒 👨\u200d👩\u200d👧\u200d👦 🏋️\u200d♀️ ❤️\u200d🔥 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "می\u200cخواهم क्\u200dष"}},
		{name: "NUL", turns: []string{"a\x00b", "c"}, want: []string{"error text/control-character /messages/0/content[1:2]"}},
		{name: "three of a kind", turns: []string{"a\x00b\x07\x7f", "c"}, want: []string{"error text/control-character /messages/0/content[1:2]"}},
		{name: "C1", turns: []string{"a\u0093b", "c"}, want: []string{"error text/control-character /messages/0/content[1:3]"}},
		{name: "zero width", turns: []string{"a\u200bb", "\ufeffc"}, want: []string{"warning text/control-character /messages/0/content[1:4]", "warning text/control-character /messages/1/content[0:3]"}},
		{name: "a joiner between letters", turns: []string{"a\u200db", "c"}, want: []string{"warning text/control-character /messages/0/content[1:4]"}},
		{name: "bidirectional", turns: []string{"a\u202eb", "c"}, want: []string{"warning text/control-character /messages/0/content[1:4]"}},
		{name: "line separator", turns: []string{"a\u2028b", "c"}, want: []string{"warning text/control-character /messages/0/content[1:4]"}},
		{name: "a lost character", turns: []string{"a\ufffdb", "c"}, want: []string{"warning text/control-character /messages/0/content[1:4]"}},
		{name: "hidden tags", turns: []string{"a\U000e0041b", "c"}, want: []string{"warning text/control-character /messages/0/content[1:5]"}},
		{
			name: "escaped in a structured answer", category: "voice_parsing", turns: []string{"a", `{"notes":"x\u0000"}`},
			want: []string{"error text/control-character /messages/1/content/notes[1:2]"},
		},
	})
}

func TestPlaceholder(t *testing.T) {
	t.Parallel()
	at := func(severity, place string) []string {
		return []string{severity + " text/placeholder /messages/1/content" + place}
	}
	examine(t, linter(t), "text/placeholder", []row{
		{name: "lists, indexes and links", turns: []string{"a", "[1, 2] and x[i] and arr[date] [site](https://a.test) [x] done [ ] [1] ['name'] [The lights fade.]"}},
		{name: "code", turns: []string{"a", "```\nprint(\"{user_name}\", [name])\n```\nuse `{name}` or f\"{name} {goal}\" and \\textbf{name} ${name}"}},
		{name: "a to-do list", turns: []string{"a", "Add it to your todo list."}},
		{name: "insert", turns: []string{"a", "Do [Insert exercise here] now."}, want: at("error", "[3:25]")},
		{name: "would analyze", turns: []string{"a", "[Would analyze user's program here]"}, want: at("error", "[0:35]")},
		{name: "TODO", turns: []string{"a", "Sets: TODO"}, want: at("error", "[6:10]")},
		{name: "lorem", turns: []string{"a", "Lorem ipsum dolor"}, want: at("error", "[0:11]")},
		{name: "a letter", turns: []string{"a", "Dear [Recipient], yours, [Your Name]"}, want: append(at("warning", "[5:16]"), at("warning", "[25:36]")...)},
		{name: "braces", turns: []string{"a", "Hi {name}, {{ anything }} {athlete_id}"}, want: append(append(at("warning", "[3:9]"), at("warning", "[11:25]")...), at("warning", "[26:38]")...)},
		{name: "angle brackets", turns: []string{"a", "Hi <your name>"}, want: at("warning", "[3:14]")},
	})
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	examine(t, linter(t), "text/refusal", []row{
		{name: "a coach", turns: []string{"As an AI, what do you think?", "I can't tell from here; see a doctor. An air bike helps."}},
		{name: "an AI", turns: []string{"a", "Well, as an  AI language model I"}, want: []string{"error text/refusal /messages/1/content[6:15]"}},
		{name: "a typographic apostrophe", turns: []string{"a", "I’m an AI."}, want: []string{"error text/refusal /messages/1/content[0:11]"}},
		{
			name: "inside a structured answer", category: "injury_analysis", subcategory: "acute",
			turns: []string{"a", `{"response_to_user":"I cannot provide medical advice."}`},
			want:  []string{"error text/refusal /messages/1/content/response_to_user[0:31]"},
		},
	})
}

func TestPrivacy(t *testing.T) {
	t.Parallel()
	at := func(severity, rule, place string) []string {
		return []string{severity + " privacy/" + rule + " /messages/0/content" + place}
	}
	ask := func(s string) []string { return []string{s, "ok"} }
	examine(t, linter(t), "privacy", []row{
		{name: "numbers of the gym", turns: ask("Bench 225x5 @8, 135 185 225 275 315 for 5-3-1, tempo 3-1-1-0, 2026-11-22, 12:30, 1,000,000 steps, 5 Hill Sprints on the Road, 10 K Road race, 3 Leg Drive reps")},
		{name: "an id", turns: ask("12345678-1234-1234-1234-123456789012 and v1.2.3.4")},
		{
			name: "reserved for examples", turns: ask("me@example.com, a@b.example.org, yourname@yourdomain.com, (212) 555-0123"),
			want: append(append(at("warning", "contact", "[0:14]"), at("warning", "contact", "[16:31]")...), append(at("warning", "contact", "[33:56]"), at("warning", "contact", "[58:72]")...)...),
		},
		{name: "other long numbers", turns: ask("$1234567890 and 1234567 and 2125550187")},
		{name: "e-mail", turns: ask("Write to jo.doe+gym@mail.co.uk."), want: at("error", "contact", "[9:30]")},
		{name: "an American number", turns: ask("I'm at 212-867-5309 today"), want: at("error", "contact", "[7:19]")},
		{name: "an American number in brackets", turns: ask("(212) 867-5309"), want: at("error", "contact", "[0:14]")},
		{name: "an international number", turns: ask("+49 170 1234567"), want: at("error", "contact", "[0:15]")},
		{name: "ten digits after a cue", turns: ask("call me 2128675309"), want: at("error", "contact", "[8:18]")},
		{name: "ten digits", turns: ask("the count is 2128675309")},
		{name: "an address", turns: ask("I live at 221B Baker Street"), want: at("warning", "contact", "[10:27]")},
		{name: "an address with a doubtful word", turns: ask("at 14 Oak Drive, Springfield"), want: at("warning", "contact", "[3:15]")},
		{name: "a card", turns: ask("card 4111 1111 1111 1111"), want: at("error", "contact", "[5:24]")},
		{name: "a card without blanks", turns: ask("378282246310005"), want: at("error", "contact", "[0:15]")},
		{name: "a wrong check digit", turns: ask("card 4111 1111 1111 1112")},
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	at := func(severity string) []string { return []string{severity + " tokens/too-long /messages"} }
	turns := []string{"a", "b"}
	examine(t, linter(t), "tokens", []row{
		{name: "not known", category: "ai_coach", turns: turns},
		{name: "short", category: "ai_coach", turns: turns, tokens: 1024},
		{name: "beyond one limit", category: "ai_coach", turns: turns, tokens: 1025, want: at("info")},
		{name: "beyond two", category: "ai_coach", turns: turns, tokens: 8193, want: at("warning")},
		{name: "beyond all", category: "ai_coach", turns: turns, tokens: 65537, want: at("error")},
	})
}
