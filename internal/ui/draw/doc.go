// Package draw turns stored text into what the templates show: conversations,
// structured answers after the hints of their category, differences between
// revisions, and the forms in which they are edited. It also reads such forms: an
// edit changes the text of an answer where it was made and nowhere else. What it
// is given is hostile: it stays text, and what cannot be seen in it becomes
// visible. Nothing here asks a service.
package draw
