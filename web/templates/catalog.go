package templates

// CatalogList is the catalog as a whole.
type CatalogList struct {
	Name        string
	Description string
	Version     string
	Categories  []CatalogRow
	Platforms   []CatalogPlatform
	History     []CatalogVersion
	MayEdit     bool
	Problem     string   // what was wrong with the uploaded catalog
	Problems    []string // one sentence for each mistake in it
	Reason      Field
}

// CatalogRow is one category in the list.
type CatalogRow struct {
	Name          string
	URL           string
	Description   string
	Priority      string
	Target        string
	Approvals     string
	Subcategories string
	Answer        string
}

// CatalogPlatform is a place to train on.
type CatalogPlatform struct {
	Name      string
	Model     string
	MaxTokens string
	Price     string
	Note      string
}

// CatalogVersion is one row of the catalog's history.
type CatalogVersion struct {
	Version string
	Who     string
	Reason  string
	At      Time
	Current bool
}

// CatalogCategory is one category: what it should hold and what reviewers are
// told. Guidelines is HTML that the handler made from Markdown and cleaned.
type CatalogCategory struct {
	Name        string
	Slug        string
	Description string
	Priority    string
	Facts       []Fact
	ExamplesURL string
	ReviewURL   string

	Subcategories []CatalogSubcategory
	Checklist     []CatalogCheck
	Reasons       []string
	Checks        []CatalogRule
	Vocabularies  []Fact
	Guidelines    string
	SystemPrompt  string
	Schemas       []CatalogSchema

	Form *CatalogForm // set for those who may edit
}

// Fact is a name with its value.
type Fact struct {
	Name, Value string
}

// CatalogSubcategory is one subcategory.
type CatalogSubcategory struct {
	Name        string
	Slug        string
	Description string
	Planned     string
	Band        string
	URL         string
}

// CatalogCheck is an item of the checklist.
type CatalogCheck struct {
	Text, Help, ProvedBy string
}

// CatalogRule is a rule that runs in the category, or is switched off.
type CatalogRule struct {
	Rule, Severity, Summary string
	Settings                []Fact
	Off                     bool
}

// CatalogSchema is what an answer must look like, as indented JSON.
type CatalogSchema struct {
	Title, JSON string
}

// CatalogForm changes a category.
type CatalogForm struct {
	Action        string
	Version       string // the catalog that was seen; another one in force is a conflict
	Problem       string
	Problems      []string
	First         string // where the first wrong field is, or the form
	Open          bool
	Name          Field
	Description   Field
	Priority      Field
	TargetMin     Field
	TargetMax     Field
	Approvals     Field
	SystemPrompt  Field
	Guidelines    Field
	Subcategories []CatalogSubcategoryForm
	Checklist     Field
	Reasons       Field
	Schemas       []CatalogSchemaForm
	Reason        Field
}

// CatalogSubcategoryForm is one subcategory of CatalogForm. Slug is empty in
// the blank rows for new ones.
type CatalogSubcategoryForm struct {
	Legend      string
	Slug        Field
	Name        Field
	Description Field
	Planned     Field
	BandMin     Field
	BandMax     Field
	Hidden      []Hidden
}

// CatalogSchemaForm is one schema of CatalogForm.
type CatalogSchemaForm struct {
	JSON Field
}

func categoryActions(v CatalogCategory) []Link {
	var actions []Link
	if v.ReviewURL != "" {
		actions = append(actions, Link{Label: "Review", URL: v.ReviewURL, Icon: "review", Style: ButtonPrimary})
	}
	if v.ExamplesURL != "" {
		actions = append(actions, Link{Label: "Examples", URL: v.ExamplesURL, Icon: "examples"})
	}
	if v.Form != nil {
		actions = append(actions, Link{Label: "Edit", URL: "#edit", Icon: "edit"})
	}
	return actions
}
