package templates

// Download is the page from which approved examples are taken out.
type Download struct {
	Preset   Choice
	Status   Choice
	Category Choice

	Form     DownloadForm    // the chosen one
	Sample   string          // a row of it
	Zip      bool            // it is several files in one
	Others   []Link          // the same in other kinds of file
	Groups   []DownloadGroup // every form
	Headline string          // "1,234 rows, 4.5 MB"
	Tried    string          // how this was found out
	Checks   []DownloadCheck
	Rows     []DownloadRow

	Refusals     []DownloadRefusal
	RefusalsNote string

	Problems     []DownloadProblem
	ProblemsNote string

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

// DownloadGroup is forms of one kind.
type DownloadGroup struct {
	ID    string
	Name  string
	Forms []DownloadForm
}

// DownloadForm is one form in which rows can be had.
type DownloadForm struct {
	Name    string // on the command line
	Title   string
	URL     string // chooses it
	Here    bool   // it is chosen
	For     string
	Refuses string
	Tools   string
	Limits  string   // empty: none
	Source  string   // who says so
	Files   []string // of several in one
}

// DownloadProblem is something that the platform would say about the file.
type DownloadProblem struct {
	Severity string // warning or error
	Where    string
	Text     string
}
