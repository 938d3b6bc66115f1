package ui

// What tests of the package look at directly: pure functions with more cases
// than pages show.
var (
	Number    = number[int64]
	Counted   = counted[int]
	Span      = span
	ByteSize  = byteSize
	Moment    = moment
	Initials  = initials
	Percent   = percent
	Distance  = distance
	LocalPath = localPath
	Markdown  = markdown
	Device    = device
	SlugOf    = slugOf
	Stacked   = stackedBar
	ApplyForm = applyForm

	Day   = day
	Spell = spell
)
