package draw_test

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/voicefit/spotter/internal/catalog"
	"github.com/voicefit/spotter/internal/example"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

// nutrition is a category that exists only as catalog files.
func nutrition(t *testing.T) catalog.Category {
	t.Helper()
	c, err := catalog.Load(os.DirFS(filepath.Join("testdata", "nutrition")))
	if err != nil {
		t.Fatal(err)
	}
	cat, ok := c.Category("meal_advice")
	if !ok {
		t.Fatal("no category meal_advice")
	}
	return cat
}

const meals = `{"goal":"gain_muscle","sure":0.9,"energy_kcal":3200,"vegetarian":false,` +
	`"shares":[{"nutrient":"carbohydrate","share":0.5},{"nutrient":"protein","share":0.3},{"nutrient":"fat","share":0.25}],` +
	`"meals":[{"time":"07:00","food":"Oats","grams":90.0},{"time":"12:30","food":"Rice"}],"avoid":["alcohol"],` +
	`"why":["Race in two days.","Gut needs rest."],"days":[{"when":"Friday","eat":"Pasta"}],"supplement":null,"answer":"Eat **early**.","mood":{"x":1}}`

// TestACategoryOfFilesOnly draws an answer of a category that no program knows,
// and its form.
func TestACategoryOfFilesOnly(t *testing.T) {
	t.Parallel()
	s := draw.Subject{Prefix: "x", Category: nutrition(t), Subcategory: "race_week", Conversation: example.Conversation{Messages: []example.Message{
		{Role: example.User, Content: "3200 kcal, race on Sunday"}, {Role: example.Assistant, Content: meals},
	}}}
	c, _ := conversation(t, s)
	want := `group
  value Goal: gain muscle
  meter How sure: 0.9 | 0.9 @90.0% caution (above the expected 0.6 to 0.8
  value Energy: 3200 kcal said
  value Vegetarian: No
  bars Where the energy comes from | Together 105 % @100.0% of 95.2% danger
    item: carbohydrate | 50 % @50.0%
    item: protein | 30 % @30.0%
    item: fat | 25 % @25.0%
  table Meals
    item
      value Time: 07:00
      value Food: Oats
      value Grams: 90.0 g
    item
      value Time: 12:30
      value Food: Rice
      value
  chips Avoid
    item: alcohol
  steps Why
    item: Race in two days.
    item: Gut needs rest.
  timeline Days
    item: Friday
      value Eat: Pasta
  markdown Answer: Eat **early**.
  value Supplement: nothing
  slots Mood
    value X: 1
`
	got := strings.Replace(outline(*c.Turns[1].Answer), "Together 105 %, not 100 %", "Together 105 %", 1)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("drawing (-want +got):\n%s", diff)
	}

	_, v := editor(t, s, nil)
	want = `group
  choice Goal = gain_muscle of lose_fat keep_weight
  line How sure = 0.9 0 to 1 (above the expected 0.6 to 0.8
  line Energy = 3200 kcal 800 to 8000 -
  choice Vegetarian = false of true -
  bars Where the energy comes from: Together 105 %, not 100 %
    group Where the energy comes from 1
      choice Nutrient = carbohydrate of protein fat
      line Share = 0.5 0 to 1
    group Where the energy comes from 2
      choice Nutrient = protein of carbohydrate fat
      line Share = 0.3 0 to 1
    group Where the energy comes from 3
      choice Nutrient = fat of carbohydrate protein
      line Share = 0.25 0 to 1
    + Add one: Where the energy comes from
  table Meals -
    group Meal
      line Time = 07:00
      line Food = Oats
      line Grams = 90.0 g from 0 -
    group Meal
      line Time = 12:30
      line Food = Rice
      + Grams
    + Add one: Meals
  chips Avoid -
    line Avoid 1 = alcohol
    + Add one: Avoid
  steps Why -
    text Why 1 = Race in two days.
    text Why 2 = Gut needs rest.
    + Add one: Why
  timeline Days -
    group Days 1
      line When = Friday
      line Eat = Pasta
    + Add one: Days
  text Answer = Eat **early**.
  nothing Supplement -
    + Fill in Supplement
  group Mood - unknown
    line X = 1 - unknown
`
	if diff := cmp.Diff(want, formOutline(*v.Turns[1].Text.Answer)); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}

	e := acts(t, s, "add:message.1:/shares/-", "fill:message.1:/supplement", "add:message.1:/meals/1/grams", "down:message.1:/meals/0", "add:message.1:/days/0")
	e, _ = editor(t, s, url.Values{
		"message.1.exact": {string(example.AppendString(nil, e.Messages()[1].Content))}, "message.1:/shares/2/share": {"0.2"},
		"message.1:/supplement/name": {"creatine"}, "message.1:/meals/0/grams": {"80"},
	})
	wanted := strings.NewReplacer(
		`"share":0.25}]`, `"share":0.2},{"nutrient":"","share":null}]`, `"supplement":null`, `"supplement":{"name":"creatine"}`,
		`{"time":"07:00","food":"Oats","grams":90.0},{"time":"12:30","food":"Rice"}`, `{"time":"12:30","food":"Rice","grams":80},{"time":"07:00","food":"Oats","grams":90.0}`,
		`"days":[`, `"days":[{"when":"","eat":""},`,
	).Replace(meals)
	if got := e.Messages()[1].Content; got != wanted {
		t.Errorf("edited:\n%s\nwant\n%s", got, wanted)
	}

	// An empty message begins as an answer with what must be in it.
	s.Conversation.Messages[1].Content = ""
	if got := acts(t, s, "begin:message.1").Messages()[1].Content; got != `{"goal":"","sure":null,"shares":[],"answer":""}` {
		t.Errorf("a new answer is %s", got)
	}
}

// TestWhatIsNoNumber types words where numbers belong: each field says what it
// wants, and nothing is said of a number that is not there.
func TestWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	s := draw.Subject{Prefix: "x", Category: nutrition(t), Subcategory: "race_week", Conversation: example.Conversation{Messages: []example.Message{
		{Role: example.User, Content: "3200 kcal, race on Sunday"}, {Role: example.Assistant, Content: meals},
	}}}
	form := url.Values{"message.1:/sure": {"x"}}
	e, _ := editor(t, s, form)
	if err, ok := fault.As(e.Err()); !ok || err.Msg != "One field needs another look." {
		t.Errorf("one mistake: %v", e.Err())
	}
	form["message.1:/energy_kcal"] = []string{"lots"}
	form["message.1:/meals/0/grams"] = []string{"a bowl"}
	form["message.1:/shares/0/share"] = []string{"half"}
	e, v := editor(t, s, form)
	if err, ok := fault.As(e.Err()); !ok || err.Msg != "4 fields need another look." {
		t.Errorf("four mistakes: %v", e.Err())
	}
	want := map[string]string{
		"message.1:/sure":           "Type a number from 0 to 1, such as 0.85.",
		"message.1:/energy_kcal":    "Type a whole number from 800 to 8000, such as 6920.",
		"message.1:/meals/0/grams":  "Type a number of 0 or more, such as 5.",
		"message.1:/shares/0/share": "Type a number from 0 to 1, such as 0.85.",
	}
	if diff := cmp.Diff(want, e.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	sum := func(v templates.Editor) string {
		i := slices.IndexFunc(v.Turns[1].Text.Answer.Fields, func(f templates.EditField) bool { return f.Sum != nil })
		return v.Turns[1].Text.Answer.Fields[i].Sum.Text
	}
	if got := sum(v); got != "One has no number" {
		t.Errorf("the sum says %q", got)
	}
	form["message.1:/shares/2/share"] = []string{"a quarter"}
	if _, v = editor(t, s, form); sum(v) != "2 have no number" {
		t.Errorf("the sum says %q", sum(v))
	}
}

// formOutline writes a form as indented lines.
func formOutline(f templates.EditField) string {
	var b strings.Builder
	var walk func(f templates.EditField, depth int)
	walk = func(f templates.EditField, depth int) {
		pad := strings.Repeat("  ", depth)
		kind := f.Kind
		if f.Kind == templates.FieldList && f.As != "" {
			kind = f.As
		}
		line := pad + kind
		add := func(sep, s string) {
			if s != "" {
				line += sep + s
			}
		}
		add(" ", f.Label)
		add(" = ", f.Value)
		if f.Kind == templates.FieldChoice {
			line = strings.Replace(line, " = ", " = ", 1) + " of"
			for _, o := range f.Options {
				if o.Value != f.Value {
					add(" ", o.Value)
				}
			}
		}
		add(" ", f.Unit)
		add(" ", f.Range)
		add(" (", f.Note)
		if f.Sum != nil {
			add(": ", f.Sum.Text)
		}
		if f.Remove != nil && f.Up == nil {
			line += " -"
		}
		if f.Unknown {
			line += " unknown"
		}
		b.WriteString(line + "\n")
		for _, child := range f.Fields {
			walk(child, depth+1)
		}
		for _, a := range f.Adds {
			b.WriteString(pad + "  + " + a.Label + "\n")
		}
	}
	walk(f, 0)
	return b.String()
}
