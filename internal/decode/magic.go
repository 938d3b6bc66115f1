package decode

import (
	"bytes"
	"strings"
)

// A magic is how a kind of file that cannot be imported begins.
type magic struct {
	at    int
	bytes string
	what  string // "This is ..." without the full stop
	cure  string
}

const (
	tableCure = "Export it as CSV, or convert it to JSON Lines: in Python, pandas.read_parquet(path).to_json(out, orient=\"records\", lines=True)."
	sheetCure = "Save the sheet as CSV (UTF-8) and import that."
	unpack    = "Unpack it and import the file inside."
	textCure  = "Import the text of it as JSON Lines with one conversation per row."
)

// magics is looked through in order.
var magics = []magic{
	{0, "PAR1", "a Parquet file", tableCure},
	{0, "ARROW1", "an Arrow file", strings.Replace(tableCure, "read_parquet", "read_feather", 1)},
	{0, "FEA1", "a Feather file", strings.Replace(tableCure, "read_parquet", "read_feather", 1)},
	{0, "Obj\x01", "an Avro file", "Convert it to JSON Lines and import that."},
	{0, "SQLite format 3\x00", "a SQLite database", "Export the table as CSV or JSON Lines and import that."},
	{0, "%PDF", "a PDF document", textCure},
	{0, "\xD0\xCF\x11\xE0", "an old Excel or Word file", sheetCure},
	{0, "\x89PNG", "an image (PNG)", textCure},
	{0, "\xFF\xD8\xFF", "an image (JPEG)", textCure},
	{0, "GIF8", "an image (GIF)", textCure},
	{8, "WEBP", "an image (WebP)", textCure},
	{0, "BZh", "a bzip2 archive", "Unpack it, or compress it with gzip or zstd instead."},
	{0, "\xFD7zXZ", "an xz archive", "Unpack it, or compress it with gzip or zstd instead."},
	{0, "\x04\x22\x4D\x18", "an lz4 archive", "Unpack it, or compress it with gzip or zstd instead."},
	{0, "7z\xBC\xAF", "a 7-Zip archive", unpack},
	{0, "Rar!", "a RAR archive", unpack},
	{0, "\x1F\x8B", "gzip data", unpack},
	{0, "\x28\xB5\x2F\xFD", "zstd data", unpack},
	{257, "ustar", "a tar archive", unpack},
	{0, "\x93NUMPY", "a NumPy array", textCure},
	{0, "\x89HDF", "an HDF5 file", textCure},
	{0, "\x80\x02", "a Python pickle", "Write the rows with json.dumps, one per line, and import that."},
	{0, "\x80\x03", "a Python pickle", "Write the rows with json.dumps, one per line, and import that."},
	{0, "\x80\x04", "a Python pickle", "Write the rows with json.dumps, one per line, and import that."},
	{0, "\x80\x05", "a Python pickle", "Write the rows with json.dumps, one per line, and import that."},
	{0, "GGUF", "a model's weights (GGUF)", "Import the data that the model is trained on."},
	{0, "PGDMP", "a Postgres dump", "Export the table as CSV or JSON Lines and import that."},
	{0, "\x7FELF", "a program", textCure},
	{0, "version https://git-lfs", "a Git LFS pointer, a note that stands in for the file", "Fetch the real file with git lfs pull, then import that."},
}

// foreign says what kind of file that holds no rows begins with head, and what
// to do; what is empty if none is known.
func foreign(head []byte) (what, cure string) {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		switch {
		case bytes.Contains(head, []byte("xl/")):
			return "an Excel workbook (XLSX)", sheetCure
		case bytes.Contains(head, []byte("word/")):
			return "a Word document (DOCX)", textCure
		case bytes.Contains(head, []byte("opendocument.spreadsheet")):
			return "a spreadsheet (ODS)", sheetCure
		}
		return "a zip archive (Excel workbooks are zip archives too)", "Unpack it and import the file inside; of a workbook save the sheet as CSV."
	}
	for _, m := range magics {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return m.what, m.cure
		}
	}
	if enc := wide(head); enc != "" {
		return "text in " + enc, "Save it as UTF-8: in an editor by “save with encoding”, or with iconv -f " + strings.Fields(enc)[0] + " -t UTF-8."
	}
	start := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n"))
	start = start[:min(len(start), 200)]
	switch {
	case bytes.HasPrefix(start, []byte("<!doctype html")), bytes.HasPrefix(start, []byte("<html")), bytes.HasPrefix(start, []byte("<head")):
		return "an HTML page, perhaps the error or login page of the site it was loaded from", "Open it in a browser to see what it says, and download the data itself."
	case bytes.HasPrefix(start, []byte("<svg")):
		return "an image (SVG)", textCure
	case bytes.HasPrefix(start, []byte("<?xml")), bytes.HasPrefix(start, []byte("<!doctype")):
		return "an XML file", "Convert it to JSON Lines with one conversation per row."
	}
	return "", ""
}

// wide names the 16- or 32-bit encoding of text that starts with head: by its
// byte order mark, or by the zero bytes beside its first characters.
func wide(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE, 0, 0}):
		return "UTF-32LE"
	case bytes.HasPrefix(head, []byte{0, 0, 0xFE, 0xFF}):
		return "UTF-32BE"
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return "UTF-16 (little-endian)"
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return "UTF-16 (big-endian)"
	}
	if len(head) < 4 || head[0] != 0 && head[1] != 0 {
		return ""
	}
	n := min(len(head), 64) &^ 1
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch {
	case odd > n/4 && even == 0:
		return "UTF-16LE"
	case even > n/4 && odd == 0:
		return "UTF-16BE"
	}
	return ""
}
