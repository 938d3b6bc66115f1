package templates

// Download is the page from which approved examples are taken out.
type Download struct {
	Preset   Choice
	Status   Choice
	Category Choice

	About    string // what a row of this preset looks like
	Sample   string // its shape in one line
	Headline string // "1,234 rows, 4.5 MB"
	Tried    string // how this was found out
	Checks   []DownloadCheck
	Rows     []DownloadRow

	Refusals     []DownloadRefusal
	RefusalsNote string

	File    string // the name under which it is saved
	URL     string
	Nothing *Empty // there is nothing to download
}

// DownloadCheck is one thing that was looked at beforehand.
type DownloadCheck struct {
	Severity string // info, warning or error; empty: in order
	Text     string
	Link     *Link
}

// DownloadRow is how many rows a category gives.
type DownloadRow struct {
	Name  string
	Count string
	URL   string
}

// DownloadRefusal is an example that the preset can't say.
type DownloadRefusal struct {
	URL    string
	Where  string
	Reason string
}
